import { settled, textAt } from "./values";

/** A resource of the stack as Pulumi shows it to a rule. */
export interface StackResource {
    readonly urn: string;
    readonly type: string;
    readonly name: string;
    readonly props: Readonly<Record<string, unknown>>;
}

/** A Kubernetes object that the stack makes, patches or reads. */
export interface KubeObject {
    readonly urn: string;
    /** Such as `apps`; empty for the core group. */
    readonly group: string;
    readonly kind: string;
    /** Whether the resource is a patch, which holds but some of the object's fields. */
    readonly isPatch: boolean;
    readonly name: string;
    /** Missing for an object of the cluster, and where a preview cannot know it. */
    readonly namespace?: string;
    /** Such as `Deployment shop/web`. */
    readonly title: string;
    /** All of its fields. */
    readonly fields: unknown;
}

/** Charts and groups of manifests; what a chart makes comes as resources of its own, but for a Release's. */
const NO_OBJECT = /^(helm\.sh|yaml|kustomize)\//;

/** The object of a resource; none of a resource that is no Kubernetes object. */
export function objectOf({ urn, type, name: resource, props }: StackResource): KubeObject | undefined {
    const [provider, apiVersion = "", token = ""] = type.split(":");
    if (provider !== "kubernetes" || token === "" || NO_OBJECT.test(apiVersion)) return undefined;
    const [group = "", ...rest] = apiVersion.split("/");
    const isPatch = token.endsWith("Patch");
    const kind = isPatch ? token.slice(0, -"Patch".length) : token;
    const fields = settled(props);
    const [name = resource, namespace] = [textAt(fields, "metadata", "name"), textAt(fields, "metadata", "namespace")];
    return {
        urn,
        group: group === "core" || rest.length === 0 ? "" : group,
        kind,
        isPatch,
        name,
        namespace,
        title: `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`,
        fields,
    };
}
