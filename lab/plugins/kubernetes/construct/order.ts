/** The order in which the objects of a chart or a manifest are made, and which of them wait for which. */
import { gvkOf, isCrd, type Gvk } from "../object/kinds";
import { annotation, nameOf, namespaceOf } from "../object/names";
import { text, type Tree } from "../object/tree";

const DEPENDS_ON = "config.kubernetes.io/depends-on";

export interface Ordered {
    object: Tree;
    /** positions in the result, each before this one */
    dependencies: number[];
}

/**
 * Sorts by dependency: a namespace comes before what lives in it, a definition before its custom resources, and what an
 * object's depends-on annotation names before the object. Among equals the kinds' own order counts.
 * @throws Error when the annotation is malformed or names something else than these objects, or when there is a cycle
 */
export function inOrder(objects: Tree[]): Ordered[] {
    const nodes = new Map(objects.map((object) => [keyOf(object), object]));
    const edges = new Map([...nodes.keys()].map((key) => [key, new Set<string>()]));
    const connect = (from: string, to: string | undefined): void => {
        if (to !== undefined && to !== from) edges.get(from)?.add(to);
    };
    const crds = new Map(objects.filter(isCrd).map((crd) => [crdKind(crd), keyOf(crd)]));
    const namespaces = new Map(objects.filter(isNamespace).map((object) => [nameOf(object), keyOf(object)]));
    for (const [key, object] of nodes) {
        const { group, kind } = gvkOf(object);
        connect(key, crds.get(`${group}/${kind}`));
        connect(key, namespaces.get(namespaceOf(object)));
        for (const dependency of annotated(object)) {
            if (!nodes.has(dependency)) throw invalid(object, `${dependency} is none of these objects`);
            connect(key, dependency);
        }
    }
    const sorted = layers(nodes, edges).flat();
    const position = new Map(sorted.map((key, index) => [key, index]));
    return sorted.map((key) => ({
        object: nodes.get(key) as Tree,
        dependencies: [...(edges.get(key) as Set<string>)].map((dependency) => position.get(dependency) as number),
    }));
}

/** Layer by layer: each holds what depends on earlier ones alone. */
function layers(nodes: Map<string, Tree>, edges: Map<string, Set<string>>): string[][] {
    const result: string[][] = [];
    const done = new Set<string>();
    while (done.size < nodes.size) {
        const free = [...nodes.keys()].filter(
            (key) => !done.has(key) && [...(edges.get(key) as Set<string>)].every((dependency) => done.has(dependency)),
        );
        if (free.length === 0) {
            const rest = [...nodes.keys()].filter((key) => !done.has(key));
            throw new Error(`cyclic dependency among ${rest.join(", ")}`);
        }
        free.sort((a, b) => compare(nodes.get(a) as Tree, nodes.get(b) as Tree));
        result.push(free);
        for (const key of free) done.add(key);
    }
    return result;
}

/** Kinds that others refer to, first to last. */
const FIRST = `/Namespace /ResourceQuota storage.k8s.io/StorageClass apiextensions.k8s.io/CustomResourceDefinition
    admissionregistration.k8s.io/MutatingWebhookConfiguration /ServiceAccount extensions/PodSecurityPolicy
    policy/PodSecurityPolicy rbac.authorization.k8s.io/Role rbac.authorization.k8s.io/ClusterRole
    rbac.authorization.k8s.io/RoleBinding rbac.authorization.k8s.io/ClusterRoleBinding /ConfigMap /Secret /Service
    /LimitRange scheduling.k8s.io/PriorityClass extensions/Deployment apps/Deployment apps/StatefulSet batch/CronJob
    policy/PodDisruptionBudget`.split(/\s+/);
const LAST = "admissionregistration.k8s.io/ValidatingWebhookConfiguration";

function rank({ group, kind }: Gvk): number {
    const key = `${group}/${kind}`;
    if (key === LAST) return 1;
    const index = FIRST.indexOf(key);
    return index < 0 ? 0 : index - FIRST.length;
}

function compare(a: Tree, b: Tree): number {
    const [first, second] = [gvkOf(a), gvkOf(b)];
    return (
        rank(first) - rank(second) ||
        byText(first.group, second.group) ||
        byText(first.kind, second.kind) ||
        byText(namespaceOf(a), namespaceOf(b)) ||
        byText(nameOf(a), nameOf(b))
    );
}

function byText(a: string, b: string): number {
    return a < b ? -1 : a > b ? 1 : 0;
}

/** As the annotation writes it: `group/namespaces/namespace/Kind/name`, or `group/Kind/name`. */
function keyOf(object: Tree): string {
    const { group, kind } = gvkOf(object);
    const namespace = namespaceOf(object);
    return namespace ? `${group}/namespaces/${namespace}/${kind}/${nameOf(object)}` : `${group}/${kind}/${nameOf(object)}`;
}

function annotated(object: Tree): string[] {
    const value = annotation(object, DEPENDS_ON);
    if (!value) return [];
    return value.split(",").map((reference) => {
        const parts = reference.trim().split("/");
        const wellFormed = parts.length === 3 || (parts.length === 5 && parts[1] === "namespaces");
        if (!wellFormed) {
            throw invalid(
                object,
                `"${reference.trim()}" must be <group>/<kind>/<name> or <group>/namespaces/<namespace>/<kind>/<name>`,
            );
        }
        return parts.join("/");
    });
}

function invalid(object: Tree, why: string): Error {
    return new Error(`invalid "${DEPENDS_ON}" annotation of ${keyOf(object)}: ${why}`);
}

function crdKind(crd: Tree): string {
    return `${text(crd, "spec", "group")}/${text(crd, "spec", "names", "kind")}`;
}

function isNamespace(object: Tree): boolean {
    const { group, kind } = gvkOf(object);
    return group === "" && kind === "Namespace";
}
