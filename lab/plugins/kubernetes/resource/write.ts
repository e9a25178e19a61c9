/** Sends an object to the API server: to create it, or to change the one that is there. */
import type { Objects, PatchType, WriteOptions } from "../cluster/cluster";
import {
    NoMatchError,
    isAlreadyExists,
    isConflict,
    isInvalid,
    isNamespaceNotFound,
    isNotFound,
    type ApiError,
} from "../cluster/errors";
import { isCrd, isPatch } from "../object/kinds";
import { PATCH_FORCE, annotationIsTrue, nameOf, uniqueName } from "../object/names";
import { at, clone, list, removeAt, setAt, text, type Tree } from "../object/tree";
import type { ResourceContext } from "./context";
import { parsePropertyPath } from "./detailed-diff";
import { mergePatch } from "./merge-patch";
import { CLIENT_SIDE_MANAGER, managesField, takeOverFields } from "./field-managers";

const APPLY: PatchType = "application/apply-patch+yaml";
/** A custom resource may come before its definition, an object before its namespace: how often to try again. */
const MAX_RETRIES = 5;
const FIRST_WAIT_MS = 1000;

/** The preview cannot be computed, because the namespace does not exist yet. */
export class NamespaceMissing extends Error {}

export interface Write {
    urn: string;
    inputs: Tree;
    fieldManager: string;
    preview: boolean;
}

/**
 * Creates the object; tries again where its kind or namespace may still come.
 * @returns the object as the API server holds it
 */
export async function createObject(context: ResourceContext, write: Write): Promise<Tree> {
    for (let tries = 0, wait = FIRST_WAIT_MS; ; tries += 1, wait *= 2) {
        try {
            return await createOnce(context, write);
        } catch (error) {
            if (write.preview && isNamespaceNotFound(error)) {
                throw new NamespaceMissing(`namespace does not exist for "${nameOf(write.inputs)}"`);
            }
            context.engine.status("info", `Retry #${tries}; creation failed: ${(error as Error).message}`, write.urn);
            if (isAlreadyExists(error)) throw error.explained(`${error.message}\n\n${ALREADY_EXISTS_HELP}`);
            const mayStillCome = isNotFound(error) || error instanceof NoMatchError;
            if (!mayStillCome || tries >= MAX_RETRIES || context.cancelled.aborted) throw error;
            await new Promise((resolve) => setTimeout(resolve, wait));
        }
    }
}

async function createOnce(context: ResourceContext, write: Write): Promise<Tree> {
    const objects = await context.cluster.objects(write.inputs);
    const { settings } = context;
    const applies =
        settings.serverSideApply &&
        (settings.upsertExistingObjects || isPatch(write.urn, text(write.inputs, "kind")));
    if (!applies) {
        return objects.create(write.inputs, { fieldManager: CLIENT_SIDE_MANAGER, dryRun: write.preview });
    }
    const options: WriteOptions = {
        fieldManager: write.fieldManager,
        force: mustForce(context, write, undefined),
        dryRun: write.preview,
        fieldValidation: "Warn",
    };
    try {
        return await objects.patch(nameOf(write.inputs), APPLY, write.inputs, options);
    } catch (error) {
        if (!write.preview || !isInvalid(error) || !error.message.includes("field is immutable")) {
            throw explainConflict(error, write.fieldManager);
        }
        // A replacement cannot be rehearsed over the object that it replaces.
        const renamed = clone(write.inputs);
        setAt(renamed, uniqueName(`${nameOf(write.inputs)}-`), "metadata", "name");
        return objects.patch(nameOf(renamed), APPLY, renamed, options);
    }
}

export interface Update extends Write {
    /** the name of the live object */
    name: string;
    /** the live object as state has it, cut to the old inputs */
    old: Tree;
    ignoreChanges: string[];
}

/**
 * Changes the live object: a CRD is replaced in place, everything else is applied.
 * @returns the object before and after
 */
export async function updateObject(
    context: ResourceContext,
    update: Update,
): Promise<{ before: Tree; after: Tree; objects: Objects }> {
    const objects = await context.cluster.objects(update.inputs);
    const before = await objects.get(update.name);
    const options: WriteOptions = { fieldManager: update.fieldManager, dryRun: update.preview };
    if (isCrd(update.inputs)) {
        const inputs = clone(update.inputs);
        setAt(inputs, at(before, "metadata", "resourceVersion"), "metadata", "resourceVersion");
        return { before, after: await objects.replace(inputs, options), objects };
    }
    if (!context.settings.serverSideApply) {
        const patch = mergePatch(update.old, withIgnoredFields(update, before));
        const after = await objects.patch(update.name, "application/merge-patch+json", patch, options);
        return { before, after, objects };
    }
    const live =
        update.preview || isPatch(update.urn, text(update.inputs, "kind"))
            ? before
            : await takeOverFields(objects, before, update.fieldManager);
    const inputs = withIgnoredFields(update, live);
    try {
        const force = mustForce(context, update, live);
        return { before, after: await objects.patch(update.name, APPLY, inputs, { ...options, force }), objects };
    } catch (error) {
        throw explainConflict(error, update.fieldManager);
    }
}

/**
 * The inputs to apply where some properties are not to change: a field that only others manage is left out, any other
 * is sent as it is now, since leaving it out would remove it.
 */
export function withIgnoredFields(update: Update, live: Tree): Tree {
    const inputs = clone(update.inputs);
    const entries = list(live, "metadata", "managedFields") as Tree[];
    for (const path of update.ignoreChanges.map((ignored) => parsePropertyPath(ignored).map(String))) {
        const manages = (own: boolean): boolean =>
            entries.some((entry) => (entry["manager"] === update.fieldManager) === own && managesField(entry, path));
        if (manages(false) && !manages(true)) removeAt(inputs, ...path);
        else if (at(live, ...path) !== undefined) setAt(inputs, clone(at(live, ...path)), ...path);
    }
    return inputs;
}

/** Whether to take fields from their managers without asking. */
function mustForce(context: ResourceContext, write: Write, live: Tree | undefined): boolean {
    if (annotationIsTrue(write.inputs, PATCH_FORCE) || context.settings.patchForce) return true;
    const entries = live ? (list(live, "metadata", "managedFields") as Tree[]) : [];
    if (!live) return write.preview;
    if (entries.length === 0) return true;
    // The real update takes these fields over first; its rehearsal does not.
    return (
        write.preview &&
        entries.some(
            (entry) =>
                entry["operation"] === "Update" &&
                ["pulumi-resource-kubernetes", "pulumi-kubernetes", "pulumi-kubernetes.exe"].includes(text(entry, "manager")),
        )
    );
}

function explainConflict(error: unknown, manager: string): unknown {
    if (!isConflict(error)) return error;
    const conflict: ApiError = error;
    return conflict.explained(
        "server-side apply field conflict detected, see https://www.pulumi.com/registry/packages/kubernetes/" +
            "how-to-guides/managing-resources-with-server-side-apply/#handle-field-conflicts-on-existing-resources " +
            `for troubleshooting help\nThe resource managed by field manager "${manager}" had an apply conflict: ` +
            conflict.message,
    );
}

const ALREADY_EXISTS_HELP =
    "The object is there already and this stack does not own it. Import it (`pulumi import`), change only some of its " +
    "fields by a Patch resource, give a renamed resource an alias, or set upsertExistingObjects on the provider to take " +
    "over whatever exists.";
