import type {
    V1DaemonSet,
    V1Deployment,
    V1EndpointSlice,
    V1Job,
    V1MutatingWebhookConfiguration,
    V1Namespace,
    V1Node,
    V1ObjectMeta,
    V1Pod,
    V1PodDisruptionBudget,
    V1ReplicaSet,
    V1Service,
    V1StatefulSet,
} from "@kubernetes/client-node";

/** A Gateway of the Gateway API, as far as it is looked at. */
export interface Gateway {
    readonly metadata?: V1ObjectMeta;
    readonly spec?: {
        readonly gatewayClassName?: string;
        readonly listeners?: readonly { readonly name: string; readonly port: number; readonly protocol: string }[];
    };
    readonly status?: { readonly conditions?: readonly Condition[] };
}

/** An HTTPRoute of the Gateway API, as far as it is looked at. */
export interface HttpRoute {
    readonly metadata?: V1ObjectMeta;
    readonly spec?: {
        readonly parentRefs?: readonly {
            readonly kind?: string;
            readonly name: string;
            readonly namespace?: string;
            readonly sectionName?: string;
        }[];
        readonly hostnames?: readonly string[];
        readonly rules?: readonly {
            readonly matches?: readonly {
                readonly path?: { readonly type?: string; readonly value?: string };
                readonly headers?: readonly unknown[];
                readonly queryParams?: readonly unknown[];
                readonly method?: string;
            }[];
            readonly filters?: readonly { readonly type: string }[];
            readonly backendRefs?: readonly {
                readonly kind?: string;
                readonly name: string;
                readonly namespace?: string;
                readonly port?: number;
                readonly weight?: number;
            }[];
        }[];
    };
    readonly status?: { readonly parents?: readonly { readonly conditions?: readonly Condition[] }[] };
}

export interface Condition {
    readonly type: string;
    readonly status: string;
    readonly reason?: string;
    readonly message?: string;
}

/** The objects of a cluster that the inspections look at, read once; all of them are in all namespaces. */
export interface ClusterSnapshot {
    readonly namespaces: readonly V1Namespace[];
    readonly nodes: readonly V1Node[];
    readonly pods: readonly V1Pod[];
    readonly services: readonly V1Service[];
    readonly endpointSlices: readonly V1EndpointSlice[];
    readonly deployments: readonly V1Deployment[];
    readonly webhooks: readonly V1MutatingWebhookConfiguration[];
    /** Empty where the cluster does not serve the Gateway API. */
    readonly gateways: readonly Gateway[];
    readonly routes: readonly HttpRoute[];
}

/** The data of ConfigMaps that are looked at, by `namespace/name`; those that exist and may be read. */
export type ConfigMaps = ReadonlyMap<string, Readonly<Record<string, string>>>;

/**
 * Objects of the namespaces that are looked at. They are many in a large cluster, so those of other namespaces are not
 * read.
 */
export interface ScopeObjects {
    /** Those that no Deployment owns. */
    readonly replicaSets: readonly V1ReplicaSet[];
    readonly statefulSets: readonly V1StatefulSet[];
    readonly daemonSets: readonly V1DaemonSet[];
    readonly jobs: readonly V1Job[];
    readonly budgets: readonly V1PodDisruptionBudget[];
    readonly configMaps: ConfigMaps;
}

/** `namespace/name` of an object, `name` where it has no namespace. */
export function keyOf({ metadata }: { metadata?: V1ObjectMeta }): string {
    return metadata?.namespace ? `${metadata.namespace}/${metadata.name ?? ""}` : (metadata?.name ?? "");
}
