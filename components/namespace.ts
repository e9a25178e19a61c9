import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** Labels and annotations of every namespace of the stack. */
export interface NamespaceMetadata {
    labels?: Readonly<Record<string, string>>;
    annotations?: Readonly<Record<string, string>>;
}

/**
 * A namespace of the stack, or one that somebody else made: that one is labelled and used, and stays on `destroy`.
 *
 * @param existing whether somebody else made it; where the stack did, changing this replaces the namespace
 */
export function namespaceOf(
    name: string,
    { existing, labels = {}, annotations = {} }: { existing: boolean } & NamespaceMetadata,
    opts: pulumi.CustomResourceOptions,
): k8s.core.v1.Namespace | k8s.core.v1.NamespacePatch {
    const metadata = {
        name,
        ...(Object.keys(labels).length > 0 && { labels }),
        ...(Object.keys(annotations).length > 0 && { annotations }),
    };
    return existing
        ? new k8s.core.v1.NamespacePatch(name, { metadata }, opts)
        : new k8s.core.v1.Namespace(name, { metadata }, opts);
}
