import type { V1EndpointSlice, V1Pod, V1Service } from "@kubernetes/client-node";
import { counted, listed } from "../finding";
import { addressesOf, hasEnded, isReady, unreadyReason } from "../mesh/pods";
import { canonical, type Family, formatHostPort } from "../nat";
import { keyOf } from "../snapshot/snapshot";

/** One address of an EndpointSlice for one port of a Service. */
export interface SliceEndpoint {
    readonly address: string;
    readonly port: number;
    readonly node?: string;
    /** The pod that it says it is. */
    readonly pod?: string;
    /** Whether topology hints keep it for some nodes. */
    readonly hinted: boolean;
}

type ServicePort = NonNullable<NonNullable<V1Service["spec"]>["ports"]>[number];

/** EndpointSlices by their Service, `namespace/name`. */
export function slicesByService(slices: readonly V1EndpointSlice[]): Map<string, V1EndpointSlice[]> {
    const map = new Map<string, V1EndpointSlice[]>();
    for (const slice of slices) {
        const service = slice.metadata?.labels?.["kubernetes.io/service-name"];
        if (service === undefined) continue;
        const key = `${slice.metadata?.namespace}/${service}`;
        const list = map.get(key);
        if (list) list.push(slice);
        else map.set(key, [slice]);
    }
    return map;
}

/**
 * The endpoints that kube-proxy may send traffic of this port to: those that are ready or, where none is, those that
 * are ending but still serve.
 */
export function usableEndpoints(
    slices: readonly V1EndpointSlice[],
    port: ServicePort,
    family: Family,
): SliceEndpoint[] {
    const ready: SliceEndpoint[] = [];
    const ending: SliceEndpoint[] = [];
    for (const slice of slices) {
        if (slice.addressType !== family) continue;
        const number = slice.ports?.find(
            ({ name, protocol }) =>
                (name ?? "") === (port.name ?? "") && (protocol ?? "TCP") === (port.protocol ?? "TCP"),
        )?.port;
        if (number === undefined) continue;
        for (const { addresses, conditions, nodeName, targetRef, hints } of slice.endpoints ?? []) {
            const isReadyNow = conditions?.ready ?? true;
            const stillServes = (conditions?.serving ?? isReadyNow) && conditions?.terminating === true;
            if ((!isReadyNow && !stillServes) || addresses[0] === undefined) continue;
            const pod =
                targetRef?.kind === "Pod"
                    ? `${targetRef.namespace ?? slice.metadata?.namespace}/${targetRef.name}`
                    : undefined;
            const hinted = Boolean(hints?.forZones?.length ?? hints?.forNodes?.length);
            (isReadyNow ? ready : ending).push({
                address: canonical(addresses[0]),
                port: number,
                node: nodeName,
                pod,
                hinted,
            });
        }
    }
    return distinct(ready.length > 0 ? ready : ending);
}

/** An address may stand in two slices while one takes over from the other. */
function distinct(endpoints: readonly SliceEndpoint[]): SliceEndpoint[] {
    return endpoints.length < 2
        ? [...endpoints]
        : [...new Map(endpoints.map((endpoint) => [formatHostPort(endpoint), endpoint])).values()];
}

/** Whether every label of a Service's selector is on the pod. */
export function selects(selector: Readonly<Record<string, string>>, pod: V1Pod): boolean {
    return Object.entries(selector).every(([name, value]) => pod.metadata?.labels?.[name] === value);
}

/**
 * Why a Service port has no endpoint, as the end of a sentence about that port.
 *
 * @param pods those of the Service's namespace
 */
export function whyNoEndpoints(service: V1Service, port: ServicePort, family: Family, pods: readonly V1Pod[]): string {
    const selector = service.spec?.selector ?? {};
    const labels = Object.entries(selector)
        .map(([name, value]) => `${name}=${value}`)
        .join(",");
    if (labels === "") return `it has no selector and no EndpointSlice holds an address for it`;
    const selected = pods.filter((pod) => selects(selector, pod) && !hasEnded(pod));
    if (selected.length === 0) return `its selector ${labels} selects no pod`;
    const ready = selected.filter((pod) => isReady(pod) && !pod.metadata?.deletionTimestamp);
    if (ready.length === 0) {
        return `none of the ${counted(selected.length, "pod")} that it selects is ready (${listed(
            selected.map((pod) => `${pod.metadata?.name}: ${unreadyReason(pod)}`),
            3,
        )})`;
    }
    if (!ready.some((pod) => addressesOf(pod).some((address) => address.includes(":") === (family === "IPv6")))) {
        return `none of the pods that it selects (${listed(
            ready.map((pod) => keyOf(pod)),
            3,
        )}) has an ${family} address`;
    }
    if (typeof port.targetPort === "string" && !/^\d+$/.test(port.targetPort)) {
        return `no container of the pods that it selects (${listed(
            ready.map((pod) => keyOf(pod)),
            3,
        )}) declares a port named ${JSON.stringify(port.targetPort)}`;
    }
    return `no EndpointSlice of it holds the ready pods that it selects (${listed(
        ready.map((pod) => keyOf(pod)),
        3,
    )})`;
}
