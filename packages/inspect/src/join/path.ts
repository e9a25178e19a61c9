import type { EntryKind, Family } from "../nat";

/** One endpoint of a Service port, as the node's rules have it, with the pod behind it. */
export interface PathEndpoint {
    readonly address: string;
    readonly port: number;
    /** The endpoint's chain: KUBE-SEP, or in nftables mode `endpoint-...`. */
    readonly chain: string;
    /** The part of new connections that it really gets, 0 to 1. */
    readonly share: number;
    /** As its rule has it, of what the rules before it left over. */
    readonly probability?: number;
    /** In nftables mode: of so many numbers one is drawn, and with so many of them the connection comes here. */
    readonly drawn?: { readonly numbers: number; readonly of: number };
    /** Connections counted, where the rules were saved with counters. */
    readonly packets?: number;
    /** Options of DNAT other than its destination. */
    readonly options: readonly string[];
    /** Whether an EndpointSlice holds it. */
    readonly current: boolean;
    readonly pod?: {
        readonly namespace: string;
        readonly name: string;
        readonly node?: string;
        readonly ready: boolean;
        readonly workload: string;
        readonly version?: string;
    };
    /** What listens on the port: a container that declares it, or a Gateway's listener. */
    readonly opens?: { readonly container: string; readonly name?: string } | { readonly listener: string };
}

/** How the node takes traffic of one Service port in one family to pods. */
export interface ServicePath {
    readonly namespace: string;
    readonly service: string;
    /** The port's name; empty where it has none. */
    readonly portName: string;
    readonly port: number;
    readonly protocol: string;
    /** As a Service has it: `8080`, or a container port's name. */
    readonly targetPort: string;
    readonly type: string;
    readonly family: Family;
    readonly entries: readonly {
        readonly kind: EntryKind;
        readonly address?: string;
        readonly port: number;
        /** A chain, or `REJECT` or `DROP`. */
        readonly target: string;
        readonly reason?: string;
    }[];
    /** The KUBE-SVC chain (`service-...` in nftables mode), where there is one. */
    readonly chain?: string;
    /** The KUBE-SVL chain (`local-...`), where a traffic policy is `Local`. */
    readonly localChain?: string;
    /** The KUBE-EXT chain (`external-...`) and where it leads. */
    readonly external?: {
        readonly chain: string;
        readonly masquerade?: string;
        readonly ways: readonly { readonly when: string; readonly target: string }[];
    };
    readonly firewall?: { readonly chain: string; readonly sources: readonly string[] };
    /** Which traffic to the cluster IP is masqueraded, such as `from outside 10.244.0.0/16`. */
    readonly masquerade?: string;
    readonly affinitySeconds?: number;
    readonly endpoints: readonly PathEndpoint[];
    /** The endpoints on this node alone. */
    readonly localEndpoints: readonly PathEndpoint[];
    /** The part of new connections that no rule takes, 0 to 1. */
    readonly lost: number;
}

/**
 * A path's name in sentences and tables: `istio-sample/reviews:http`, or with the number where the port has no name.
 */
export const pathName = (path: Pick<ServicePath, "namespace" | "service" | "portName" | "port">): string =>
    `${path.namespace}/${path.service}:${path.portName || path.port}`;
