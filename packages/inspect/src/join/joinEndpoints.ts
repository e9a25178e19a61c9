import type { V1Pod } from "@kubernetes/client-node";
import { addressesOf, appContainers, GATEWAY_LABEL, hasEnded, isReady, versionOf, workloadOf } from "../mesh/pods";
import { canonical, type EndpointChain, formatHostPort, type NatEndpoint } from "../nat";
import { type Gateway, keyOf } from "../snapshot/snapshot";
import type { SliceEndpoint } from "./expected";
import type { PathEndpoint } from "./path";

/** Finds pods by what the rules and the slices know of them. */
export interface PodIndex {
    readonly byKey: ReadonlyMap<string, V1Pod>;
    readonly byAddress: ReadonlyMap<string, readonly V1Pod[]>;
    readonly byNamespace: ReadonlyMap<string, readonly V1Pod[]>;
}

export function indexPods(pods: readonly V1Pod[]): PodIndex {
    const byKey = new Map<string, V1Pod>();
    const byAddress = new Map<string, V1Pod[]>();
    const byNamespace = new Map<string, V1Pod[]>();
    for (const pod of pods) {
        byKey.set(keyOf(pod), pod);
        add(byNamespace, pod.metadata?.namespace ?? "", pod);
        if (hasEnded(pod)) continue;
        for (const address of addressesOf(pod)) add(byAddress, canonical(address), pod);
    }
    return { byKey, byAddress, byNamespace };
}

function add(map: Map<string, V1Pod[]>, key: string, pod: V1Pod): void {
    const list = map.get(key);
    if (list) list.push(pod);
    else map.set(key, [pod]);
}

/** The pod of an endpoint: the one that the slice names, else the one that has the address. */
function podOf(index: PodIndex, address: string, slice: SliceEndpoint | undefined): V1Pod | undefined {
    const named = slice?.pod ? index.byKey.get(slice.pod) : undefined;
    const atAddress = index.byAddress.get(address);
    // On the host's network several pods share one address, and it is nobody's in particular.
    return named ?? (atAddress?.length === 1 ? atAddress[0] : undefined);
}

/** Joins the endpoints of a chain with the slices and the pods. */
export function joinEndpoints(
    chain: EndpointChain | undefined,
    slices: readonly SliceEndpoint[],
    index: PodIndex,
    gateways: ReadonlyMap<string, Gateway>,
    port: { number: number; protocol: string },
): PathEndpoint[] {
    const known = new Map(slices.map((endpoint) => [formatHostPort(endpoint), endpoint]));
    return (chain?.endpoints ?? []).map((endpoint) => joinEndpoint(endpoint, known, index, gateways, port));
}

function joinEndpoint(
    endpoint: NatEndpoint,
    slices: ReadonlyMap<string, SliceEndpoint>,
    index: PodIndex,
    gateways: ReadonlyMap<string, Gateway>,
    port: { number: number; protocol: string },
): PathEndpoint {
    const { address = "", port: number = 0, chain, share, probability, drawn, packets, options } = endpoint;
    const slice = slices.get(formatHostPort({ address, port: number }));
    const pod = podOf(index, address, slice);
    return {
        address,
        port: number,
        chain,
        share,
        ...(probability !== undefined && { probability }),
        ...(drawn && { drawn }),
        ...(packets !== undefined && { packets }),
        options,
        current: slice !== undefined,
        ...(pod && {
            pod: {
                namespace: pod.metadata?.namespace ?? "",
                name: pod.metadata?.name ?? "",
                node: pod.spec?.nodeName,
                ready: isReady(pod),
                workload: workloadOf(pod).name,
                version: versionOf(pod),
            },
            opens: opens(pod, number, port, gateways),
        }),
    };
}

/** What opens the port in the pod: a container that declares it, or the listener of the Gateway that the pod serves. */
function opens(
    pod: V1Pod,
    number: number,
    port: { number: number; protocol: string },
    gateways: ReadonlyMap<string, Gateway>,
): PathEndpoint["opens"] {
    for (const container of [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])]) {
        const declared = container.ports?.find(
            ({ containerPort, protocol }) => containerPort === number && (protocol ?? "TCP") === port.protocol,
        );
        if (declared) return { container: container.name, name: declared.name };
    }
    const gateway = gateways.get(`${pod.metadata?.namespace}/${pod.metadata?.labels?.[GATEWAY_LABEL]}`);
    const listener = gateway?.spec?.listeners?.find((each) => each.port === port.number);
    return listener && { listener: `${keyOf(gateway!)} ${listener.name}` };
}

/** Whether the pod's own containers declare ports, so that one that none declares stands out. */
export const declaresPorts = (pod: V1Pod | undefined): boolean =>
    pod !== undefined && appContainers(pod).some(({ ports }) => (ports?.length ?? 0) > 0);
