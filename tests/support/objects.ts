import type { V1CustomResourceDefinition, V1Deployment, V1Pod, V1Service } from "@kubernetes/client-node";

/** A type of the client library as tests look into it: every field there, for what is missing fails the comparison. */
type Live<T> = T extends Date ? string : T extends object ? { [K in keyof T]-?: Live<NonNullable<T[K]>> } : T;

export type Pod = Live<V1Pod>;
export type Container = Pod["spec"]["containers"][number];
export type Deployment = Live<V1Deployment>;
export type Service = Live<V1Service>;
export type CustomResourceDefinition = Live<V1CustomResourceDefinition>;

/** What the status of most kinds has. */
export interface Condition {
    readonly type: string;
    readonly status: string;
    readonly lastTransitionTime: string;
}

export interface Gateway {
    readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
    readonly spec: { readonly gatewayClassName: string; readonly listeners: readonly unknown[] };
    readonly status: { readonly conditions: readonly Condition[]; readonly listeners: readonly unknown[] };
}

export interface HttpRoute {
    readonly spec: {
        readonly parentRefs: readonly unknown[];
        readonly rules: readonly {
            readonly matches: readonly { readonly path: { readonly type: string; readonly value: string } }[];
            readonly backendRefs: readonly unknown[];
        }[];
    };
    readonly status: { readonly parents: readonly [{ readonly conditions: readonly Condition[] }] };
}

/** A configuration of admission webhooks, mutating or validating. */
export interface WebhookConfiguration {
    readonly metadata: { readonly name: string };
    readonly webhooks: readonly { readonly name: string; readonly clientConfig: { readonly caBundle?: string } }[];
}

/** The container of a pod by its name. @throws Error if there is none */
export function containerOf({ metadata, spec }: Pod, name: string): Container {
    const found = spec.containers.find((each) => each.name === name);
    if (found === undefined) throw new Error(`pod ${metadata.name} has no container ${name}`);
    return found;
}

/** Whether every container of a pod is ready. */
export const isReady = ({ status }: Pod): boolean => status.containerStatuses.every(({ ready }) => ready);

/** Whether a condition of an object is true. */
export function hasCondition(object: { status: { conditions: readonly Condition[] } }, type: string): boolean {
    return object.status.conditions.some((condition) => condition.type === type && condition.status === "True");
}

/** The node port of a Service's port, if it has one. */
export const nodePortOf = ({ spec }: Service, port: number): number | undefined =>
    spec.ports.find((each) => each.port === port)?.nodePort;
