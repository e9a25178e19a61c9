/**
 * What an API server answers: an object, a text as it is, the items of a list, or a status with the API's own error
 * body; `silence` never answers, and `drop` ends the connection.
 */
export type Reply =
    | { readonly body: object }
    | { readonly text: string; readonly type?: string }
    | { readonly items: readonly unknown[] }
    | { readonly status: number; readonly message?: string }
    | "silence"
    | "drop";

export const VERSION = "/version";
export const NODES = "/api/v1/nodes";
export const KUBE_SYSTEM = "/api/v1/namespaces/kube-system";
export const STORAGE_CLASSES = "/apis/storage.k8s.io/v1/storageclasses";
export const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
export const crdPath = (name: string) => `${CRDS}/${name}`;

/** The user may do all that is asked about. */
export const MAY_EVERYTHING: Readonly<Record<string, Reply>> = {
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews": { body: { status: { allowed: true } } },
};

/** What is asked for in a dry run in the namespace `default` is admitted, and a load balancer has given an address. */
export const DRY_RUNS: Readonly<Record<string, Reply>> = {
    "/api/v1/services": {
        items: [{ metadata: {}, spec: {}, status: { loadBalancer: { ingress: [{ ip: "192.0.2.9" }] } } }],
    },
    "/api/v1/namespaces/default/pods": { body: {} },
    "/api/v1/namespaces/default/services": { body: {} },
};

/** A CustomResourceDefinition; the value of each version is whether it is served. */
export function crd(
    name: string,
    versions: Readonly<Record<string, boolean>>,
    annotations?: object,
    labels?: object,
): { readonly body: { readonly metadata: object; readonly [field: string]: unknown } } {
    const spec = {
        group: "",
        names: {},
        scope: "",
        versions: Object.entries(versions).map(([version, served]) => ({ name: version, served, storage: true })),
    };
    return {
        body: {
            apiVersion: "apiextensions.k8s.io/v1",
            kind: "CustomResourceDefinition",
            metadata: { name, annotations, labels },
            spec,
        },
    };
}

/** A list of nodes that are ready; each has its addresses as pairs of type and address. */
export function nodes(...items: [name: string, ...addresses: [type: string, address: string][]][]): Reply {
    return {
        items: items.map(([name, ...addresses]) => ({
            metadata: { name },
            status: {
                addresses: addresses.map(([type, address]) => ({ type, address })),
                conditions: [{ type: "Ready", status: "True" }],
            },
        })),
    };
}

/** A list of storage classes; the value of each is its annotation `is-default-class`. */
export function storageClasses(items: Readonly<Record<string, string | undefined>>): Reply {
    return {
        items: Object.entries(items).map(([name, isDefault]) => ({
            metadata: {
                name,
                annotations:
                    isDefault === undefined ? undefined : { "storageclass.kubernetes.io/is-default-class": isDefault },
            },
            provisioner: "none",
        })),
    };
}
