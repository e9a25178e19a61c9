import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/**
 * A namespace of the stack, or one that somebody else made: that one is labelled and used, and stays on `destroy`.
 *
 * @param existing whether somebody else made it; where the stack did, changing this replaces the namespace
 */
export function namespaceOf(
    child: string,
    { name, existing, labels }: { name: pulumi.Input<string>; existing: boolean; labels?: Record<string, string> },
    opts: pulumi.CustomResourceOptions,
): k8s.core.v1.Namespace | k8s.core.v1.NamespacePatch {
    const metadata = { name, ...(labels && { labels }) };
    return existing
        ? new k8s.core.v1.NamespacePatch(child, { metadata }, opts)
        : new k8s.core.v1.Namespace(child, { metadata }, opts);
}
