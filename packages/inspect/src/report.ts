import type { Check } from "./doctor";
import type { EndpointReport } from "./endpoints";
import type { Finding } from "./finding";
import type { ServicePath } from "./join";
import type { InjectionReport } from "./mesh/injection";
import type { ProxyReport } from "./mesh/proxy";
import type { Topology } from "./mesh/topology";
import type { Backend, Family, Masquerading, ProxyMode } from "./nat";
import type { TrafficReport } from "./traffic";

export const SECTIONS = ["injection", "proxy", "nat", "endpoints", "traffic", "doctor"] as const;
export type Section = (typeof SECTIONS)[number];

/** A node's rules, joined with the cluster. */
export interface NatReport {
    /** What the rules are, such as `the rules of cp-k8s`. */
    readonly source: string;
    /** The node that they are of, where it is known. */
    readonly node?: string;
    /** Those whose Services kube-proxy's rules lead; none where they do not show it. */
    readonly families: readonly {
        readonly family: Family;
        readonly mode: ProxyMode;
        readonly backend?: Backend;
        /** Service ports that the rules serve, in all namespaces. */
        readonly services: number;
        readonly masquerading: Masquerading;
        readonly hooks: readonly string[];
        /** Chains of Service ports and endpoints that nothing leads to, with their rules. */
        readonly unreferenced: readonly { readonly chain: string; readonly rules: readonly string[] }[];
        /** Rules that are not kube-proxy's, as they stand. */
        readonly foreign: readonly { readonly table: string; readonly chain: string; readonly text: string }[];
    }[];
    readonly warnings: readonly string[];
    readonly unreadable: readonly { readonly line: number; readonly text: string }[];
    readonly paths: readonly ServicePath[];
}

/** All that an inspection found, as plain data: `JSON.stringify` gives what `--json` prints. */
export interface MeshReport {
    /** When it was looked at, in ISO 8601. */
    readonly at: string;
    readonly cluster: { readonly context: string; readonly server: string; readonly version: string };
    readonly namespaces: readonly string[];
    readonly injection?: InjectionReport;
    readonly proxies?: readonly ProxyReport[];
    readonly nat?: NatReport;
    readonly endpoints?: readonly EndpointReport[];
    /** What requests to the product page showed. */
    readonly traffic?: TrafficReport;
    readonly topology?: Topology;
    readonly checks?: readonly Check[];
    /** Problems first; those of every section that was asked for. */
    readonly findings: readonly Finding[];
    /** Whether there is no problem among them. */
    readonly ok: boolean;
}
