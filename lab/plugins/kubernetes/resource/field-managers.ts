/** Who the API server holds responsible for which field of an object. */
import { isProps } from "../../rpc/values";
import type { Objects, PatchType } from "../cluster/cluster";
import { FIELD_MANAGER } from "../object/checkpoint";
import { PATCH_FIELD_MANAGER, annotation, nameOf, namespaceOf, uniqueName } from "../object/names";
import { equal, list, setAt, text, type Tree } from "../object/tree";

/** The manager of a plain create or update; the first apply takes its fields over. */
export const CLIENT_SIDE_MANAGER = "pulumi-kubernetes";
const APPLY: PatchType = "application/apply-patch+yaml";

/** Managers by prefix and operation whose fields the program takes over, as they stand for itself or for kubectl. */
const TAKEN_OVER: [prefix: string, operation: "Apply" | "Update"][] = [
    ["kubectl", "Apply"],
    ["kubectl", "Update"],
    ["before-first-apply", "Update"],
    ["pulumi-kubernetes", "Update"],
    ["pulumi-resource-kubernetes", "Update"],
];

/** The manager to apply as: the annotation's, else the one in state, else a new one. */
export function fieldManagerFor(state: Tree, inputs: Tree, serverSideApply: boolean): string {
    if (!serverSideApply) return CLIENT_SIDE_MANAGER;
    return annotation(inputs, PATCH_FIELD_MANAGER) || text(state, FIELD_MANAGER) || uniqueName("pulumi-kubernetes-");
}

/**
 * Gives the fields that an object was created with to the given apply manager, so that later applies do not conflict
 * with the object's own creation.
 * @returns the object as it is afterwards
 */
export async function takeOverFields(objects: Objects, live: Tree, manager: string): Promise<Tree> {
    const managedFields = mergedManagedFields(list(live, "metadata", "managedFields") as Tree[], manager);
    if (!managedFields) return live;
    const patch = [{ op: "replace", path: "/metadata/managedFields", value: managedFields }];
    return objects.patch(nameOf(live), "application/json-patch+json", patch, {});
}

/** The entries after the takeover, undefined when there is nothing to take over. */
export function mergedManagedFields(entries: Tree[], manager: string): Tree[] | undefined {
    const isOwn = (entry: Tree): boolean => entry["manager"] === manager && entry["operation"] === "Apply";
    const taken = entries.filter((entry) => !isOwn(entry) && isTakenOver(entry));
    if (taken.length === 0) return undefined;
    const rest = entries.filter((entry) => !isOwn(entry) && !taken.includes(entry));
    const own = entries.find(isOwn) ?? { ...(taken.shift() as Tree), manager, operation: "Apply" };
    const fieldsV1 = [own, ...taken].map((entry) => entry["fieldsV1"]).reduce(union);
    return [...rest, { ...own, fieldsV1 }];
}

function isTakenOver(entry: Tree): boolean {
    if (entry["subresource"]) return false;
    const name = text(entry, "manager");
    return TAKEN_OVER.some(([prefix, operation]) => entry["operation"] === operation && name.startsWith(prefix));
}

/** Field sets are nested objects, so their union is a deep merge. */
function union(a: unknown, b: unknown): unknown {
    if (!isProps(a) || !isProps(b)) return a ?? b;
    const result = { ...a };
    for (const [key, value] of Object.entries(b)) result[key] = key in result ? union(result[key], value) : value;
    return result;
}

/** Lets go of every field of the manager; a field without another manager returns to its default. */
export async function relinquish(objects: Objects, object: Tree, manager: string): Promise<void> {
    const bare: Tree = { apiVersion: object["apiVersion"], kind: object["kind"] };
    setAt(bare, nameOf(object), "metadata", "name");
    if (namespaceOf(object)) setAt(bare, namespaceOf(object), "metadata", "namespace");
    await objects.patch(nameOf(object), APPLY, bare, { fieldManager: manager });
}

/** Whether an entry's fields hold the path, e.g. spec, replicas. */
export function managesField(entry: Tree, path: readonly string[]): boolean {
    let fields: unknown = entry["fieldsV1"];
    for (const step of path) {
        if (!isProps(fields) || !(`f:${step}` in fields)) return false;
        fields = fields[`f:${step}`];
    }
    return !equal(fields, undefined);
}
