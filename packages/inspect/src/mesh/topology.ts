import type { V1Pod } from "@kubernetes/client-node";
import { selects } from "../join/expected";
import { type ClusterSnapshot, type Gateway, type HttpRoute, keyOf } from "../snapshot/snapshot";
import { GATEWAY_LABEL, hasEnded, isReady, podRole, versionOf, workloadOf } from "./pods";
import type { Scope } from "./scope";

export interface TopologyWorkload {
    readonly namespace: string;
    readonly name: string;
    readonly kind: string;
    readonly version?: string;
    /** Whether its pods have a proxy. */
    readonly proxied: boolean;
    readonly pods: number;
    readonly ready: number;
}

export interface TopologyService {
    readonly namespace: string;
    readonly name: string;
    readonly type: string;
    readonly headless: boolean;
    readonly ports: readonly { readonly name: string; readonly port: number; readonly nodePort?: number }[];
    readonly workloads: readonly TopologyWorkload[];
}

export interface TopologyRoute {
    readonly namespace: string;
    readonly name: string;
    /** Such as `exact /login`. */
    readonly matches: readonly string[];
    readonly backends: readonly { readonly service: string; readonly port?: number; readonly weight?: number }[];
    /** Whether each of its parents takes it and finds what it names. */
    readonly accepted: boolean;
}

export interface TopologyGateway {
    readonly namespace: string;
    readonly name: string;
    readonly className: string;
    readonly programmed: boolean;
    /** Why not, as its controller says it. */
    readonly reason?: string;
    readonly listeners: readonly { readonly name: string; readonly port: number; readonly protocol: string }[];
    /** The Service that carries its traffic. */
    readonly service?: TopologyService;
    readonly routes: readonly TopologyRoute[];
}

/** What there is in the mesh, and what leads to what. */
export interface Topology {
    readonly gateways: readonly TopologyGateway[];
    /** Services of workloads, those of gateways left out. */
    readonly services: readonly TopologyService[];
    /** Services in the control planes' namespaces. */
    readonly addons: readonly TopologyService[];
}

export function describeTopology(snapshot: ClusterSnapshot, scope: Scope): Topology {
    const podsByNamespace = groupByNamespace(snapshot.pods);
    const services = snapshot.services
        .filter(({ metadata }) => scope.namespaces.has(metadata?.namespace ?? "") && metadata?.namespace !== "default")
        .toSorted((a, b) => keyOf(a).localeCompare(keyOf(b)))
        .map((service): TopologyService & { readonly gateway?: string } => {
            const selector = service.spec?.selector ?? {};
            const pods =
                Object.keys(selector).length === 0
                    ? []
                    : (podsByNamespace.get(service.metadata?.namespace ?? "") ?? []).filter(
                          (pod) => selects(selector, pod) && !hasEnded(pod),
                      );
            return {
                namespace: service.metadata?.namespace ?? "",
                name: service.metadata?.name ?? "",
                type: service.spec?.type ?? "ClusterIP",
                headless: service.spec?.clusterIP === "None",
                ports: (service.spec?.ports ?? []).map(({ name = "", port, nodePort }) => ({
                    name,
                    port,
                    ...(nodePort && { nodePort }),
                })),
                workloads: workloadsOf(pods),
                gateway: selector[GATEWAY_LABEL],
            };
        });
    const plain = services.map(({ gateway: _, ...service }) => service);
    const ofGateway = ({ metadata }: Gateway) =>
        services.findIndex(
            (service) => service.namespace === metadata?.namespace && service.gateway === metadata?.name,
        );
    const gateways = snapshot.gateways
        .filter(({ metadata }) => scope.namespaces.has(metadata?.namespace ?? ""))
        .map((gateway): TopologyGateway => describeGateway(gateway, plain[ofGateway(gateway)], snapshot.routes));
    const carrying = new Set(snapshot.gateways.map(ofGateway));
    const rest = plain.filter((_, at) => !carrying.has(at));
    return {
        gateways,
        services: rest.filter(({ namespace }) => !scope.roots.has(namespace)),
        addons: rest.filter(({ namespace }) => scope.roots.has(namespace)),
    };
}

const namespaceOf = ({ metadata }: V1Pod) => metadata?.namespace ?? "";

function groupByNamespace(pods: readonly V1Pod[]): Map<string, V1Pod[]> {
    const map = new Map<string, V1Pod[]>();
    for (const pod of pods) {
        const list = map.get(namespaceOf(pod));
        if (list) list.push(pod);
        else map.set(namespaceOf(pod), [pod]);
    }
    return map;
}

function workloadsOf(pods: readonly V1Pod[]): TopologyWorkload[] {
    const byName = new Map<string, V1Pod[]>();
    for (const pod of pods) {
        const { kind, name } = workloadOf(pod);
        byName.set(`${kind}/${name}`, [...(byName.get(`${kind}/${name}`) ?? []), pod]);
    }
    return [...byName.values()]
        .map((own) => {
            const { kind, name } = workloadOf(own[0]!);
            const version = versionOf(own[0]!);
            return {
                namespace: namespaceOf(own[0]!),
                name,
                kind,
                ...(version !== undefined && { version }),
                proxied: own.every((pod) => ["sidecar", "gateway"].includes(podRole(pod))),
                pods: own.length,
                ready: own.filter(isReady).length,
            };
        })
        .toSorted((a, b) => a.name.localeCompare(b.name));
}

function describeGateway(
    { metadata, spec, status }: Gateway,
    service: TopologyService | undefined,
    routes: readonly HttpRoute[],
): TopologyGateway {
    const programmed = status?.conditions?.find(({ type }) => type === "Programmed");
    const own = routes.filter((route) =>
        route.spec?.parentRefs?.some(
            (parent) =>
                (parent.kind ?? "Gateway") === "Gateway" &&
                parent.name === metadata?.name &&
                (parent.namespace ?? route.metadata?.namespace) === metadata?.namespace,
        ),
    );
    return {
        namespace: metadata?.namespace ?? "",
        name: metadata?.name ?? "",
        className: spec?.gatewayClassName ?? "",
        programmed: programmed?.status === "True",
        ...(programmed?.status !== "True" && {
            reason: programmed?.message ?? "its controller has not said anything yet",
        }),
        listeners: (spec?.listeners ?? []).map(({ name, port, protocol }) => ({ name, port, protocol })),
        ...(service && { service }),
        routes: own.map(describeRoute),
    };
}

function describeRoute({ metadata, spec, status }: HttpRoute): TopologyRoute {
    const conditions = (status?.parents ?? []).flatMap((parent) => parent.conditions ?? []);
    return {
        namespace: metadata?.namespace ?? "",
        name: metadata?.name ?? "",
        matches: (spec?.rules ?? []).flatMap(({ matches }) =>
            (matches ?? []).map(({ path }) => `${path?.type === "Exact" ? "exact" : "prefix"} ${path?.value ?? "/"}`),
        ),
        backends: (spec?.rules ?? []).flatMap(({ backendRefs }) =>
            (backendRefs ?? []).map(({ name, namespace, port, weight }) => ({
                service: `${namespace ?? metadata?.namespace}/${name}`,
                port,
                weight,
            })),
        ),
        accepted:
            conditions.length > 0 &&
            conditions
                .filter(({ type }) => type === "Accepted" || type === "ResolvedRefs")
                .every(({ status: state }) => state === "True"),
    };
}
