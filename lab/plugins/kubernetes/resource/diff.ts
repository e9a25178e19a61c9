import type { Props } from "../../rpc/values";
import { readCheckpoint, toObject } from "../object/checkpoint";
import { gvkOf, groupVersion, isPatch } from "../object/kinds";
import { AUTONAMED, annotationIsTrue, isNamed, nameOf, namespaceOf, setNamespace } from "../object/names";
import { normalise } from "../object/normalise";
import { prune } from "../object/prune";
import { removeAt, setAt, text, type Tree } from "../object/tree";
import { contains, detailedDiff, parsePropertyPath, type PropertyChange } from "./detailed-diff";
import { mergePatch } from "./merge-patch";
import { IDENTITY, replacePaths, type Mutability } from "./replace-rules";

export interface DiffQuestion extends Mutability {
    urn: string;
    /** the resource's state */
    olds: Props;
    /** checked inputs */
    news: Props;
    /** property paths whose changes do not count */
    ignoreChanges: string[];
    /** whether the kind has namespaces; undefined: nobody knows yet, and it is taken to have them */
    namespaced: boolean | undefined;
    serverSideApply: boolean;
}

export interface DiffAnswer {
    changes: Map<string, PropertyChange>;
    /** property paths that make a new object necessary */
    replaces: string[];
    /** the new object has the old one's name, so the old one must go first */
    deleteBeforeReplace: boolean;
}

/**
 * Compares the inputs with the live object, as far as the old inputs speak of it: what the API server or controllers
 * added is no change, what they changed under the program's hands is.
 */
export function diffResource(question: DiffQuestion): DiffAnswer {
    const { inputs: oldInputs, live } = readCheckpoint(question.olds);
    const newInputs = normalise(toObject(question.news));
    const old = prune(live, normalise(oldInputs));
    alignIdentity(question, old, newInputs, live);

    const changes = changesBetween(question, old, newInputs);
    const replaced = [...changes].filter(([path, change]) => change.replace || deletesMetadata(path, change));
    return {
        changes,
        replaces: replaced.map(([path]) => path),
        deleteBeforeReplace:
            replaced.length > 0 &&
            isNamed(newInputs) &&
            !annotationIsTrue(newInputs, AUTONAMED) &&
            nameOf(newInputs) === nameOf(live) &&
            namespaceOf(newInputs) === namespaceOf(live),
    };
}

/** Makes equal what says the same in another way. Changes both sides. */
function alignIdentity(question: DiffQuestion, old: Tree, newInputs: Tree, live: Tree): void {
    for (const side of [old, newInputs]) {
        setNamespace(side, question.namespaced === false ? "" : namespaceOf(side) || "default");
    }
    if (!text(old, "kind")) {
        const gvk = gvkOf(newInputs);
        old["kind"] = gvk.kind;
        old["apiVersion"] = groupVersion(gvk);
    }
    if (question.serverSideApply) removeAt(old, "metadata", "resourceVersion");
    // The program may spell out the name that was generated for it.
    if (nameOf(newInputs)) setAt(old, nameOf(live), "metadata", "name");
}

function changesBetween(question: DiffQuestion, old: Tree, newInputs: Tree): Map<string, PropertyChange> {
    const patch = mergePatch(old, newInputs);
    if (Object.keys(patch).length === 0) return new Map();
    const rules = isPatch(question.urn, text(newInputs, "kind")) ? IDENTITY : replacePaths(newInputs, question);
    const changes = detailedDiff(patch, old, newInputs, old, rules);
    const ignored = question.ignoreChanges.map(parsePropertyPath);
    for (const path of changes.keys()) {
        if (ignored.some((outer) => contains(outer, parsePropertyPath(path)))) changes.delete(path);
    }
    return changes;
}

function deletesMetadata(path: string, change: PropertyChange): boolean {
    return path === "metadata" && change.kind === "delete";
}
