import { isProps, type Props } from "../../rpc/values";
import type { Cluster } from "../cluster/cluster";
import { gvkOf } from "../object/kinds";
import { namespaceOf, setNamespace } from "../object/names";
import { text } from "../object/tree";
import { parseManifests } from "./manifests";

/**
 * The function `kubernetes:yaml:decode`, by which the first generation of ConfigFile and ConfigGroup reads manifests.
 * @param args `text`, and optionally `defaultNamespace`
 */
export async function decodeYaml(cluster: Cluster | undefined, args: Props): Promise<Props> {
    if (typeof args["text"] !== "string") throw new Error("missing required field 'text' of type string");
    const defaultNamespace = text(args, "defaultNamespace");
    const result = parseManifests(args["text"]).filter((object) => text(object, "kind") && text(object, "apiVersion"));
    for (const object of result.filter(isProps)) {
        if (!defaultNamespace || namespaceOf(object)) continue;
        if ((await cluster?.isNamespaced(gvkOf(object))) !== false) setNamespace(object, defaultNamespace);
    }
    return { result };
}
