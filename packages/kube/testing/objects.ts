/**
 * What an API server answers: an object, a text as it is, the items of a list, or a status with the API's own error
 * body; `silence` never answers.
 */
export type Reply =
    | { readonly body: object }
    | { readonly text: string }
    | { readonly items: readonly unknown[] }
    | { readonly status: number }
    | "silence";

export const VERSION = "/version";
export const NODES = "/api/v1/nodes";
export const STORAGE_CLASSES = "/apis/storage.k8s.io/v1/storageclasses";
export const crdPath = (name: string) => `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`;

/** A CustomResourceDefinition; the value of each version is whether it is served. */
export function crd(name: string, versions: Readonly<Record<string, boolean>>, annotations?: object): Reply {
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
            metadata: { name, annotations },
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
