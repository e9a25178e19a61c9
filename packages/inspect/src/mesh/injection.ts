import type { V1Container, V1Namespace, V1Pod } from "@kubernetes/client-node";
import { REVISION_LABEL } from "@istio-on-pulumi/kube";
import { type Finding, listed, note, problem } from "../finding";
import { type ClusterSnapshot, type ConfigMaps, keyOf } from "../snapshot/snapshot";
import { type ControlPlane, controlPlanes, versionOfTag } from "./controlPlane";
import { checkInjectors, findInjectors, type Injector, isAsked, isNeeded } from "./injectors";
import {
    hasEnded,
    isReady,
    isUnschedulable,
    type PodRole,
    podRole,
    proxyOf,
    tagOf,
    unreadyReason,
    workloadOf,
} from "./pods";
import { injectionLabel, type Scope } from "./scope";
import { whyNoSidecar } from "./whyNoSidecar";

export interface ContainerImage {
    readonly name: string;
    readonly image: string;
}

/** One pod, and whether it has the sidecar that it should have. */
export interface PodInjection {
    readonly namespace: string;
    readonly pod: string;
    readonly workload: string;
    readonly role: PodRole;
    /** Whether the pod's namespace is one whose workloads should have sidecars. */
    readonly expected: boolean;
    readonly containers: readonly ContainerImage[];
    readonly initContainers: readonly ContainerImage[];
    readonly proxyImage?: string;
    readonly proxyVersion?: string;
    /** Of the istiod that serves the pod's revision. */
    readonly controlPlaneVersion?: string;
    readonly revision?: string;
    readonly ready: boolean;
    /** Ready containers of all, as kubectl shows it. */
    readonly readyContainers: string;
    /** Why it has no sidecar, where it should have one. */
    readonly why?: string;
}

export interface NamespaceInjection {
    readonly name: string;
    /** The label that asks for sidecars, or refuses them. */
    readonly label?: string;
    readonly expected: boolean;
    readonly controlPlane: boolean;
}

export interface InjectorReport {
    readonly name: string;
    readonly revision: string;
    /** Whether the API server gets answers from it that it trusts, as far as can be seen. */
    readonly trusted: boolean;
    readonly created?: Date;
}

export interface InjectionReport {
    readonly controlPlanes: readonly ControlPlane[];
    readonly injectors: readonly InjectorReport[];
    readonly namespaces: readonly NamespaceInjection[];
    readonly pods: readonly PodInjection[];
    readonly findings: readonly Finding[];
}

/**
 * Looks at every pod of the scope: its containers, its proxy's version against the control plane's, and why one has
 * no sidecar.
 *
 * @param configMaps those of `rootCertificates`
 */
export function inspectInjection(
    snapshot: ClusterSnapshot,
    scope: Scope,
    configMaps: ConfigMaps = new Map(),
): InjectionReport {
    const planes = controlPlanes(snapshot);
    const hooks = findInjectors(snapshot, configMaps);
    const namespaces = snapshot.namespaces.filter(({ metadata }) => scope.namespaces.has(metadata?.name ?? ""));
    const byName = new Map(namespaces.map((namespace) => [namespace.metadata?.name ?? "", namespace]));
    const findings = [
        ...checkControlPlanes(planes, hooks, snapshot, scope),
        ...checkInjectors(hooks, planes, snapshot, scope),
        ...namespaces.flatMap((namespace) => checkNamespace(namespace, hooks, snapshot, scope)),
    ];
    const pods = snapshot.pods
        .filter((pod) => byName.has(pod.metadata?.namespace ?? "") && !hasEnded(pod))
        .toSorted((a, b) => keyOf(a).localeCompare(keyOf(b)))
        .map((pod) => {
            const [described, found] = inspectPod(
                pod,
                byName.get(pod.metadata?.namespace ?? "")!,
                scope,
                planes,
                hooks,
            );
            findings.push(...found);
            return described;
        });
    return {
        controlPlanes: planes,
        injectors: hooks.map(({ name, revision, fault, created }) => ({
            name,
            revision,
            trusted: fault === undefined,
            created,
        })),
        namespaces: namespaces.map((namespace) => {
            const name = namespace.metadata?.name ?? "";
            return {
                name,
                label: injectionLabel(namespace),
                expected: scope.injected.has(name),
                controlPlane: scope.roots.has(name),
            };
        }),
        pods,
        findings,
    };
}

function checkControlPlanes(
    planes: readonly ControlPlane[],
    hooks: readonly Injector[],
    snapshot: ClusterSnapshot,
    scope: Scope,
): Finding[] {
    const serves = ({ namespace, revision }: ControlPlane) =>
        scope.namespaces.has(namespace) ||
        hooks.some((hook) => hook.revision === revision && isNeeded(hook.webhooks, snapshot, scope));
    const findings = planes
        .filter(({ ready }) => !ready)
        .map((plane) => {
            const { namespace, name } = plane;
            return (serves(plane) ? problem : note)(
                "injection/control-plane",
                `${namespace}/${name}`,
                `The control plane ${namespace}/${name} has no ready pod, so pods of injected namespaces cannot ` +
                    `be created; see: kubectl -n ${namespace} describe deployment ${name}`,
            );
        });
    if (scope.injected.size > 0 && hooks.length === 0) {
        findings.push(
            problem(
                "injection/no-injector",
                "MutatingWebhookConfiguration",
                "No webhook of this cluster injects sidecars, so every new pod starts without one; install " +
                    "istiod (chart istiod).",
            ),
        );
    }
    return findings;
}

/** Whether all that runs in a namespace is in the mesh by itself: gateways, and pods that ask by their own label. */
function asksByItself(namespace: V1Namespace, hooks: readonly Injector[], { pods }: ClusterSnapshot): boolean {
    const own = pods.filter((pod) => pod.metadata?.namespace === namespace.metadata?.name && !hasEnded(pod));
    const asks = ({ metadata }: V1Pod) =>
        hooks.some(({ webhooks }) => isAsked(webhooks, namespace, metadata?.labels ?? {}));
    return own.length > 0 && own.every((pod) => podRole(pod) === "gateway" || asks(pod));
}

function checkNamespace(
    namespace: V1Namespace,
    hooks: readonly Injector[],
    snapshot: ClusterSnapshot,
    scope: Scope,
): Finding[] {
    const name = namespace.metadata?.name ?? "";
    const label = injectionLabel(namespace);
    if (!scope.injected.has(name)) return [];
    if (label === undefined) {
        if (asksByItself(namespace, hooks, snapshot)) return [];
        return [
            problem(
                "injection/no-label",
                name,
                `The namespace ${name} belongs to the mesh but lacks the label istio-injection=enabled, so its ` +
                    `new pods get no sidecar; set it with: kubectl label namespace ${name} istio-injection=enabled`,
            ),
        ];
    }
    const revision = label.startsWith(`${REVISION_LABEL}=`) ? label.slice(REVISION_LABEL.length + 1) : undefined;
    // A tag of a revision is another name for it, which its webhook alone knows.
    const served = hooks.some(({ webhooks }) => isAsked(webhooks, namespace, {}));
    if (revision !== undefined && hooks.length > 0 && !served) {
        return [
            problem(
                "injection/no-revision",
                name,
                `The namespace ${name} asks for the revision ${JSON.stringify(revision)}, which no injector ` +
                    `serves (there are: ${listed([...new Set(hooks.map((hook) => hook.revision))])}), so its new pods get no ` +
                    `sidecar; set one of them with: kubectl label --overwrite namespace ${name} ` +
                    "istio.io/rev=<revision>",
            ),
        ];
    }
    return [];
}

function inspectPod(
    pod: V1Pod,
    namespace: V1Namespace,
    scope: Scope,
    planes: readonly ControlPlane[],
    hooks: readonly Injector[],
): [PodInjection, Finding[]] {
    const role = podRole(pod);
    const key = keyOf(pod);
    const proxy = proxyOf(pod);
    const expected = scope.injected.has(pod.metadata?.namespace ?? "");
    const revision =
        proxy && (pod.metadata?.annotations?.[REVISION_LABEL] ?? pod.metadata?.labels?.[REVISION_LABEL] ?? "default");
    const plane = planes.find((each) => each.revision === revision) ?? (planes.length === 1 ? planes[0] : undefined);
    const proxyVersion = versionOfTag(tagOf(proxy?.image));
    const why = expected && role === "plain" ? whyNoSidecar(pod, namespace, hooks, planes) : undefined;
    const findings: Finding[] = why ? [why.finding] : [];
    if (proxyVersion !== undefined && plane?.version !== undefined && proxyVersion !== plane.version) {
        findings.push(
            problem(
                "injection/version",
                key,
                `The proxy of ${key} is ${proxyVersion}, its control plane ${plane.namespace}/${plane.name} is ` +
                    `${plane.version}; recreate the pod with: kubectl -n ${pod.metadata?.namespace} rollout restart ` +
                    `${restartable(pod)}`,
            ),
        );
    }
    if (!isReady(pod) && (proxy || role === "control plane" || expected || isUnschedulable(pod))) {
        findings.push(
            problem(
                "injection/not-ready",
                key,
                `The pod ${key} is not ready: ${unreadyReason(pod)}; see: kubectl -n ${pod.metadata?.namespace} ` +
                    `describe pod ${pod.metadata?.name}`,
            ),
        );
    }
    const statuses = pod.status?.containerStatuses ?? [];
    const images = (containers: readonly V1Container[] = []) =>
        containers.map(({ name, image = "" }) => ({ name, image }));
    const described: PodInjection = {
        namespace: pod.metadata?.namespace ?? "",
        pod: pod.metadata?.name ?? "",
        workload: workloadOf(pod).name,
        role,
        expected,
        containers: images(pod.spec?.containers),
        initContainers: images(pod.spec?.initContainers),
        ...(proxy && { proxyImage: proxy.image, revision }),
        ...(proxyVersion !== undefined && { proxyVersion }),
        ...(proxy && plane?.version !== undefined && { controlPlaneVersion: plane.version }),
        ready: isReady(pod),
        readyContainers: `${statuses.filter(({ ready }) => ready).length}/${pod.spec?.containers.length ?? 0}`,
        ...(why && { why: why.reason }),
    };
    return [described, findings];
}

/** The workload as `kubectl rollout restart` names it. */
function restartable(pod: V1Pod): string {
    const { kind, name } = workloadOf(pod);
    return `${kind.toLowerCase()} ${name}`;
}
