import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { STACK_LABEL, USED_BY_LABEL } from "../cluster";

/**
 * One field manager for every object, rather than one drawn at random for each resource: what an interrupted update
 * made is taken over under the same name, and no later update conflicts with it.
 */
const FIELD_MANAGER = { "pulumi.com/patchFieldManager": "istio-on-pulumi" };

interface Props {
    metadata?: { labels?: object; annotations?: object };
}

/**
 * A transform that marks every Kubernetes object of the program as the stack's, those of charts too.
 *
 * What is only patched stays its owner's; a namespace that is used so says by whom.
 * @param identity the stack's identity, see `StackIdentity`
 * @param provider the provider of all these objects: the options of a remote component's child come without it, and
 *   answering with them would drop it
 */
export function stackMarks(identity: pulumi.Input<string>, provider: k8s.Provider): pulumi.ResourceTransform {
    return ({ type, props, opts, custom }) => {
        if (!custom || !isObject(type)) return undefined;
        const { metadata, ...fields } = props as Props;
        const label = labelOf(type);
        const marked = {
            ...metadata,
            ...(label && { labels: { ...metadata?.labels, [label]: identity } }),
            annotations: { ...metadata?.annotations, ...FIELD_MANAGER },
        };
        return { props: { ...fields, metadata: marked }, opts: pulumi.mergeOptions(opts, { provider }) };
    };
}

/** A Helm release is a resource of the provider, and its objects are Helm's. */
function isObject(type: string): boolean {
    return type.startsWith("kubernetes:") && !type.startsWith("kubernetes:helm.sh/");
}

function labelOf(type: string): string | undefined {
    if (type.endsWith(":NamespacePatch")) return USED_BY_LABEL;
    return type.endsWith("Patch") ? undefined : STACK_LABEL;
}
