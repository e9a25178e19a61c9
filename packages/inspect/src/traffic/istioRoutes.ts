import type { V1ObjectMeta } from "@kubernetes/client-node";

/** A VirtualService of Istio's, as far as it is looked at. */
export interface VirtualService {
    readonly metadata?: V1ObjectMeta;
    readonly spec?: {
        readonly hosts?: readonly string[];
        /** `mesh` means sidecars, and so does an absent or empty list. */
        readonly gateways?: readonly string[];
        readonly exportTo?: readonly string[];
        readonly http?: readonly HttpRule[];
    };
}

/** One rule of it; what is not named here changes nothing about which pod answers. */
export interface HttpRule {
    readonly match?: readonly unknown[];
    readonly route?: readonly { readonly destination?: Destination; readonly weight?: number }[];
    readonly redirect?: unknown;
    readonly directResponse?: unknown;
    readonly delegate?: unknown;
    readonly fault?: { readonly abort?: unknown };
}

export interface Destination {
    readonly host?: string;
    readonly subset?: string;
}

/** A DestinationRule of Istio's, as far as it is looked at. */
export interface DestinationRule {
    readonly metadata?: V1ObjectMeta;
    readonly spec?: {
        readonly host?: string;
        readonly exportTo?: readonly string[];
        readonly trafficPolicy?: TrafficPolicy;
        readonly subsets?: readonly {
            readonly name?: string;
            readonly labels?: Readonly<Record<string, string>>;
            readonly trafficPolicy?: TrafficPolicy;
        }[];
    };
}

export interface TrafficPolicy {
    readonly loadBalancer?: {
        readonly simple?: string;
        readonly consistentHash?: unknown;
        readonly localityLbSetting?: unknown;
    };
    readonly portLevelSettings?: readonly unknown[];
    readonly outlierDetection?: unknown;
}

/** Which Service is meant. */
export interface ServiceName {
    readonly namespace: string;
    readonly name: string;
}

/**
 * The Service that a host in an object of Istio's means: `reviews` is one of the object's own namespace, and a full
 * name is
 * `reviews.<namespace>.svc.<domain>`. Istio takes any other name with a dot as it stands.
 */
export function serviceOfHost(host: string, namespace: string): ServiceName | undefined {
    if (host !== "" && !host.includes(".") && !host.includes("*")) return { name: host, namespace };
    const found = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc(?:\..+)?$/.exec(host);
    return found ? { name: found[1]!, namespace: found[2]! } : undefined;
}

/** The usual domain of a cluster. Only where hosts are wildcards it matters which one it is. */
const DOMAIN = "cluster.local";

/** Whether a host with `*` covers a Service. */
export function coversByWildcard(host: string, { name, namespace }: ServiceName): boolean {
    return host.startsWith("*") && `${name}.${namespace}.svc.${DOMAIN}`.endsWith(host.slice(1));
}

/** Whether an object holds for workloads of a namespace. */
export function isExported(
    { metadata, spec }: { metadata?: V1ObjectMeta; spec?: { exportTo?: readonly string[] } },
    namespace: string,
): boolean {
    const to = spec?.exportTo ?? [];
    return (
        to.length === 0 ||
        to.includes("*") ||
        to.includes(namespace) ||
        (to.includes(".") && metadata?.namespace === namespace)
    );
}
