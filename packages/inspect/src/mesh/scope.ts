import type { V1Namespace } from "@kubernetes/client-node";
import { REVISION_LABEL, UserError } from "@istio-on-pulumi/kube";
import { listed } from "../finding";
import type { ClusterSnapshot } from "../snapshot/snapshot";
import { controlPlanes, INJECTION_LABEL } from "./controlPlane";
import { hasEnded, proxyOf } from "./pods";

/** Which namespaces an inspection looks at. */
export interface Scope {
    readonly namespaces: ReadonlySet<string>;
    /** Namespaces of control planes. */
    readonly roots: ReadonlySet<string>;
    /** Namespaces whose workloads should have sidecars: by a label, or because others of it have one. */
    readonly injected: ReadonlySet<string>;
}

/** Namespaces in which the injector never works. */
const IGNORED_NAMESPACES: ReadonlySet<string> = new Set([
    "kube-system",
    "kube-public",
    "kube-node-lease",
    "local-path-storage",
]);

/** How a namespace asks for sidecars, as `istio-injection=enabled` or `istio.io/rev=canary`. */
export function injectionLabel({ metadata }: V1Namespace): string | undefined {
    const labels = metadata?.labels ?? {};
    if (labels[INJECTION_LABEL] !== undefined) return `${INJECTION_LABEL}=${labels[INJECTION_LABEL]}`;
    return labels[REVISION_LABEL] === undefined ? undefined : `${REVISION_LABEL}=${labels[REVISION_LABEL]}`;
}

const asks = (namespace: V1Namespace) => !["", `${INJECTION_LABEL}=disabled`].includes(injectionLabel(namespace) ?? "");

/**
 * Finds the namespaces of the mesh: those of control planes, those that ask for sidecars, hold one, or hold a Gateway
 * of Istio's.
 *
 * @param wanted namespaces to look at instead; they count as such that should have sidecars where they are none of a
 *     control plane
 * @throws UserError where a wanted namespace does not exist
 */
export function findScope(snapshot: ClusterSnapshot, wanted: readonly string[] = [], all = false): Scope {
    const names = snapshot.namespaces.map(({ metadata }) => metadata?.name ?? "");
    const missing = wanted.filter((name) => !names.includes(name));
    if (missing.length > 0) {
        throw new UserError(
            `There is no namespace ${listed(missing.map((name) => JSON.stringify(name)))} in this cluster; ` +
                `allowed: ${names.toSorted().join(", ")}.`,
        );
    }
    const roots = new Set(controlPlanes(snapshot).map(({ namespace }) => namespace));
    const injected = new Set<string>();
    for (const namespace of snapshot.namespaces) {
        if (asks(namespace)) injected.add(namespace.metadata?.name ?? "");
    }
    for (const pod of snapshot.pods) {
        if (proxyOf(pod) && !hasEnded(pod)) injected.add(pod.metadata?.namespace ?? "");
    }
    for (const { metadata, spec } of snapshot.gateways) {
        if (spec?.gatewayClassName?.startsWith("istio")) injected.add(metadata?.namespace ?? "");
    }
    for (const name of wanted) {
        if (!roots.has(name)) injected.add(name);
    }
    for (const namespace of snapshot.namespaces) {
        const name = namespace.metadata?.name ?? "";
        // A gateway in the control plane's own namespace does not make its neighbours workloads of the mesh.
        if (IGNORED_NAMESPACES.has(name) || (roots.has(name) && !asks(namespace))) injected.delete(name);
    }
    const chosen = all ? names : wanted.length > 0 ? wanted : [...roots, ...injected];
    return { namespaces: new Set(chosen.toSorted()), roots, injected };
}
