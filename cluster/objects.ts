import type { ClusterClient, ObjectMetadata } from "@istio-on-pulumi/kube";

/** What the program would create, and the part of the installation that it belongs to. */
export interface PlannedObject {
    readonly apiVersion: string;
    readonly kind: string;
    /** Absent for an object of the whole cluster. */
    readonly namespace?: string;
    readonly name: string;
    readonly part: Part;
}

/** A part of the installation; an addon is one of its own. */
export type Part =
    "istio" | "gatewayApi" | "bookinfo" | "gateway" | "kiali" | "jaeger" | "prometheus" | "grafana" | "loki";

/** The API's path of all CustomResourceDefinitions. */
export const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/** An object as kubectl names it, such as `ClusterRole prometheus` or `Service istio-system/loki`. */
export function nameOf({ kind, namespace, name }: PlannedObject): string {
    return `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
}

/**
 * Looks for the planned objects in the cluster, one list of metadata for each kind and namespace.
 *
 * Namespaces are asked for one by one, and nothing is asked of one that is not there.
 * @returns the metadata of those that exist, in the order in which they are planned: answers come in any, and reports
 *   of what is found are compared
 */
export async function findObjects(
    client: ClusterClient,
    planned: readonly PlannedObject[],
): Promise<Map<PlannedObject, ObjectMetadata>> {
    const found = new Map<PlannedObject, ObjectMetadata>();
    const find = async (objects: readonly PlannedObject[]) => {
        const paths = [...new Set(objects.map(listPath))];
        await Promise.all(
            paths.map(async (path) => {
                // 404: a kind that the cluster does not serve yet.
                const held = (await client.listMetadata(path, { absent: [404] })) ?? [];
                const byName = new Map(held.map((metadata) => [metadata.name, metadata]));
                for (const object of objects) {
                    const metadata = listPath(object) === path && byName.get(object.name);
                    if (metadata) found.set(object, metadata);
                }
            }),
        );
    };
    const namespaces = planned.filter(isNamespace);
    const namespaced = planned.filter(({ namespace }) => namespace !== undefined);
    await Promise.all([
        Promise.all(
            namespaces.map(async (object) => {
                const path = `${listPath(object)}/${object.name}`;
                const namespace = await client.get<{ metadata: ObjectMetadata }>(path, { absent: [404] });
                if (namespace !== undefined) found.set(object, namespace.metadata);
            }),
        ).then(() => {
            const there = new Set([...found.keys()].filter(isNamespace).map(({ name }) => name));
            return find(namespaced.filter(({ namespace }) => there.has(namespace!)));
        }),
        find(planned.filter((object) => object.namespace === undefined && !isNamespace(object))),
    ]);
    return new Map(
        planned.flatMap((object): [PlannedObject, ObjectMetadata][] => {
            const metadata = found.get(object);
            return metadata === undefined ? [] : [[object, metadata]];
        }),
    );
}

function isNamespace({ apiVersion, kind }: PlannedObject): boolean {
    return apiVersion === "v1" && kind === "Namespace";
}

/** The API's path of all objects of a kind, in the object's namespace if it has one. */
function listPath({ apiVersion, kind, namespace }: PlannedObject): string {
    const root = apiVersion.includes("/") ? "/apis" : "/api";
    const place = namespace === undefined ? "" : `/namespaces/${namespace}`;
    return `${root}/${apiVersion}${place}/${pluralOf(kind)}`;
}

/** As the API names a kind in its paths; every kind of this program follows the rule. */
export function pluralOf(kind: string): string {
    const name = kind.toLowerCase();
    return /[^aeiou]y$/.test(name) ? `${name.slice(0, -1)}ies` : `${name}s`;
}
