import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { mapInput } from "./inputs";

/** How a component has a namespace. */
export interface NamespaceArgs {
    /**
     * Whether the namespace is somebody else's: it is labelled and used, and stays on `destroy`.
     *
     * A change: data; a namespace that the stack made is deleted with all that is in it.
     * @default false
     */
    existingNamespace?: boolean;
    /**
     * Labels of the namespace, beside those that the component needs.
     *
     * A change: in place.
     * @default none
     * @example { team: "platform" }
     */
    namespaceLabels?: pulumi.Input<Record<string, string>>;
    /**
     * Annotations of the namespace.
     *
     * A change: in place.
     * @default none
     * @example { "example.com/contact": "platform@example.com" }
     */
    namespaceAnnotations?: pulumi.Input<Record<string, string>>;
}

/**
 * A namespace of the stack, or one that somebody else made.
 *
 * @param needed labels that the component needs
 */
export function namespaceOf(
    [child, options]: readonly [child: string, options: pulumi.CustomResourceOptions],
    name: pulumi.Input<string>,
    { existingNamespace = false, namespaceLabels = {}, namespaceAnnotations = {} }: NamespaceArgs,
    needed: Readonly<Record<string, string>> = {},
): k8s.core.v1.Namespace | k8s.core.v1.NamespacePatch {
    const metadata = {
        name,
        labels: unlessEmpty(mapInput(namespaceLabels, (labels) => ({ ...labels, ...needed }))),
        annotations: unlessEmpty(namespaceAnnotations),
    };
    return existingNamespace
        ? new k8s.core.v1.NamespacePatch(child, { metadata }, options)
        : new k8s.core.v1.Namespace(child, { metadata }, options);
}

function unlessEmpty(map: pulumi.Input<Record<string, string>>): pulumi.Input<Record<string, string> | undefined> {
    return mapInput(map, (known) => (Object.keys(known).length > 0 ? known : undefined));
}
