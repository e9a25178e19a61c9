import type { V1Container, V1Pod } from "@kubernetes/client-node";
import { sentenceInside } from "../finding";

const PROXY_CONTAINER = "istio-proxy";
/** The label by which the Gateway API's controller ties pods to a Gateway. */
export const GATEWAY_LABEL = "gateway.networking.k8s.io/gateway-name";

/** What a pod is to the mesh. */
export type PodRole = "sidecar" | "gateway" | "control plane" | "ambient" | "plain";

/** The proxy's container: among the containers, or an init container that restarts (a native sidecar). */
export function proxyOf(pod: V1Pod): V1Container | undefined {
    const native = pod.spec?.initContainers?.filter(({ restartPolicy }) => restartPolicy === "Always") ?? [];
    return [...(pod.spec?.containers ?? []), ...native].find(({ name }) => name === PROXY_CONTAINER);
}

/** The containers that are not the mesh's. */
export const appContainers = (pod: V1Pod): V1Container[] =>
    (pod.spec?.containers ?? []).filter(({ name }) => name !== PROXY_CONTAINER);

export function podRole(pod: V1Pod): PodRole {
    const proxy = proxyOf(pod);
    if (proxy) return proxy.args?.includes("router") ? "gateway" : "sidecar";
    if (pod.metadata?.labels?.app === "istiod" || pod.metadata?.labels?.istio === "pilot") return "control plane";
    return pod.metadata?.annotations?.["ambient.istio.io/redirection"] === "enabled" ? "ambient" : "plain";
}

/** Whether the pod has ended: its address may be another's by now. */
export const hasEnded = (pod: V1Pod): boolean => pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";

/** The pod's addresses, one for each family that it has. */
export function addressesOf({ status }: V1Pod): string[] {
    const all = status?.podIPs?.map(({ ip }) => ip) ?? [];
    return all.length > 0 ? all : status?.podIP ? [status.podIP] : [];
}

export function isReady(pod: V1Pod): boolean {
    return pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
}

const scheduling = ({ status }: V1Pod) =>
    status?.conditions?.find(({ type, status: is }) => type === "PodScheduled" && is !== "True");

/** Whether the scheduler has looked for a node in vain. */
export const isUnschedulable = (pod: V1Pod): boolean => scheduling(pod)?.reason === "Unschedulable";

/** Why a pod is not ready: in a few words, or in the scheduler's. */
export function unreadyReason(pod: V1Pod): string {
    if (pod.metadata?.deletionTimestamp) return "being deleted";
    const states = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
    const waiting = states.find(({ state }) => state?.waiting?.reason);
    if (waiting) return `container ${waiting.name}: ${waiting.state!.waiting!.reason}`;
    const unready = pod.status?.containerStatuses?.find(({ ready }) => !ready);
    if (unready) return `container ${unready.name} is not ready`;
    const { reason = "", message = "" } = scheduling(pod) ?? {};
    const unscheduled = [reason, sentenceInside(message)].filter((part) => part !== "").join(": ");
    return unscheduled || (pod.status?.reason ?? pod.status?.phase ?? "no status yet");
}

/** The workload that made the pod, such as `Deployment reviews-v1`; the pod itself where nothing did. */
export function workloadOf(pod: V1Pod): { readonly kind: string; readonly name: string } {
    const owner =
        pod.metadata?.ownerReferences?.find(({ controller }) => controller) ?? pod.metadata?.ownerReferences?.[0];
    if (!owner) return { kind: "Pod", name: pod.metadata?.name ?? "" };
    const hash = pod.metadata?.labels?.["pod-template-hash"];
    if (owner.kind === "ReplicaSet" && hash && owner.name.endsWith(`-${hash}`))
        return { kind: "Deployment", name: owner.name.slice(0, -hash.length - 1) };
    return { kind: owner.kind, name: owner.name };
}

/** The version that the pod says it is. */
export const versionOf = (pod: V1Pod): string | undefined =>
    pod.metadata?.labels?.version ?? pod.metadata?.labels?.["app.kubernetes.io/version"];

/** An image's tag; `undefined` where it is named by digest or has none. */
export function tagOf(image: string | undefined): string | undefined {
    const [name] = (image ?? "").split("@");
    const found = /:([\w][\w.-]*)$/.exec(name ?? "");
    return found?.[1];
}
