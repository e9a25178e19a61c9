import type { Engine } from "../../rpc/engine";
import { groupVersion, type Gvk } from "../object/kinds";

/** Says of which kinds it is not known whether they have namespaces; their objects get none. */
export function warnUnresolved(engine: Engine, kinds: Gvk[]): void {
    if (kinds.length === 0) return;
    const names = [...new Set(kinds.map((gvk) => `${groupVersion(gvk)}, Kind=${gvk.kind}`))];
    engine.log(
        "warning",
        "Unable to determine whether the following kinds are namespaced without a reachable cluster or a matching " +
            `CustomResourceDefinition, so they are rendered without a namespace: ${names.join(", ")}. Set ` +
            ".metadata.namespace explicitly, or include the CustomResourceDefinition, to control the namespace.",
    );
}
