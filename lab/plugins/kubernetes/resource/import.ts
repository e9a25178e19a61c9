import { gvkOf, isBuiltin } from "../object/kinds";
import { prune } from "../object/prune";
import { clone, removeAt, type Tree } from "../object/tree";

/** Written by the API server and controllers, never by a program. */
const NOT_INPUTS = [
    ["metadata", "creationTimestamp"],
    ["metadata", "generation"],
    ["metadata", "managedFields"],
    ["metadata", "resourceVersion"],
    ["metadata", "uid"],
    ["metadata", "annotations", "deployment.kubernetes.io/revision"],
    ["metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"],
];

/**
 * The inputs of an object that no program has described yet, as an import or a `get` needs them.
 * @param identity apiVersion, kind and name
 */
export function inputsFromLive(live: Tree, identity: Tree): Tree {
    const inputs = prune(live, identity);
    if (isBuiltin(gvkOf(live))) {
        for (const [key, value] of Object.entries(live)) if (key !== "status") inputs[key] = clone(value);
    }
    for (const path of NOT_INPUTS) removeAt(inputs, ...path);
    return inputs;
}
