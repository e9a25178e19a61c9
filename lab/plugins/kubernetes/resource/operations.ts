/** The life of a resource that is one Kubernetes object: create, read, update, delete. */
import { initFailed } from "../../rpc/init-failed";
import { ResourceLog } from "../../rpc/engine";
import { containsUnknowns, type Props } from "../../rpc/values";
import { awaitDeleted, awaitReady, checkReady } from "../await";
import { AwaitError } from "../await/error";
import { NoMatchError, isAlreadyExists, isForbidden, isInvalid, isNotFound } from "../cluster/errors";
import { initialApiVersion, markSecrets, readCheckpoint, toObject, writeCheckpoint } from "../object/checkpoint";
import { gvkOf, gvkOfUrn, groupVersion, isCrd, isPatch } from "../object/kinds";
import { DELETION_PROPAGATION, annotation, idOf, nameOf, namespaceOf, parseId, setNamespace } from "../object/names";
import { normalise } from "../object/normalise";
import { prune } from "../object/prune";
import { list, setAt, text, type Tree } from "../object/tree";
import type { ResourceContext } from "./context";
import { fieldManagerFor, relinquish } from "./field-managers";
import { inputsFromLive } from "./import";
import { NamespaceMissing, createObject, updateObject } from "./write";

export interface CreateQuestion {
    urn: string;
    /** checked inputs */
    properties: Props;
    /** seconds; 0: the default */
    timeout: number;
    preview: boolean;
}

export interface Created {
    id: string;
    properties: Props;
}

/** @throws Error when nothing was created; an init-failed error when it was, but is not ready */
export async function createResource(context: ResourceContext, question: CreateQuestion): Promise<Created> {
    const { urn, properties, preview } = question;
    const inputs = toObject(properties);
    const asIs: Created = { id: "", properties };
    if (preview && !(await canRehearse(context, urn, inputs))) return asIs;

    const fieldManager = fieldManagerFor({}, inputs, context.settings.serverSideApply);
    const meta = { initialApiVersion: text(inputs, "apiVersion"), fieldManager };
    let live: Tree;
    try {
        live = await createObject(context, { urn, inputs, fieldManager, preview });
    } catch (error) {
        if (preview && isNoVerdict(context, error)) return asIs;
        throw explainCreate(urn, error);
    }
    if (preview) {
        // An empty status would be taken for a known one.
        delete live["status"];
        return { id: "", properties: writeCheckpoint(inputs, live, properties, meta) };
    }
    const log = new ResourceLog(context.engine, urn);
    let failed: unknown;
    try {
        live = await awaitReady(context, { urn, inputs, live, last: undefined, timeout: question.timeout, log });
        log.clear();
    } catch (error) {
        failed = error;
        if (error instanceof AwaitError) live = error.live ?? live;
    }
    const state = writeCheckpoint(inputs, live, properties, meta);
    if (failed) {
        throw initFailed(
            idOf(live),
            `resource "${urn}" was successfully created, but the Kubernetes API server reported that it failed to fully ` +
                `initialize or become live: ${(failed as Error).message}`,
            reasons(failed),
            state,
        );
    }
    if (isCrd(inputs)) context.cluster.discovery.reset();
    return { id: idOf(live), properties: state };
}

/** Whether the API server can say what creating the object would give. */
async function canRehearse(context: ResourceContext, urn: string, inputs: Tree): Promise<boolean> {
    if (containsUnknowns(inputs) || isPatch(urn, text(inputs, "kind")) || !context.settings.serverSideApply) return false;
    return context.cluster.discovery.serves(gvkOf(inputs));
}

/** Errors that say nothing about the real creation, which is then previewed by its inputs. */
function isNoVerdict(context: ResourceContext, error: unknown): boolean {
    return (
        isForbidden(error) ||
        error instanceof NamespaceMissing ||
        (isAlreadyExists(error) && context.settings.serverSideApply) ||
        (error instanceof Error && error.message.includes("does not support dry run"))
    );
}

function explainCreate(urn: string, error: unknown): Error {
    const message = (error as Error).message;
    if (error instanceof NoMatchError) {
        const gvk = gvkOfUrn(urn);
        return new Error(
            `creation of resource "${urn}" with kind ${groupVersion(gvk)}/${gvk.kind} failed because the Kubernetes API ` +
                "server reported that the apiVersion for this resource does not exist. " +
                `Verify that any required CRDs have been created: ${message}`,
        );
    }
    return new Error(`resource "${urn}" was not successfully created by the Kubernetes API server: ${message}`);
}

export interface UpdateQuestion extends CreateQuestion {
    /** the resource's state */
    olds: Props;
    ignoreChanges: string[];
}

/** @returns the resource's new state */
export async function updateResource(context: ResourceContext, question: UpdateQuestion): Promise<Props> {
    const { urn, olds, properties, preview } = question;
    const inputs = normalise(toObject(properties));
    if (preview && (containsUnknowns(inputs) || !(await context.cluster.discovery.serves(gvkOf(inputs))))) {
        return properties;
    }
    const { inputs: oldInputs, live: oldLive } = readCheckpoint(olds);
    const { serverSideApply } = context.settings;
    const fieldManager = fieldManagerFor(olds, inputs, serverSideApply);
    const meta = { initialApiVersion: initialApiVersion(olds, oldInputs), fieldManager };
    const log = new ResourceLog(context.engine, urn);
    let live: Tree;
    let failed: unknown;
    try {
        const old = prune(oldLive, normalise(oldInputs));
        const { ignoreChanges } = question;
        const name = nameOf(oldLive);
        const write = { urn, inputs, fieldManager, preview, name, old, ignoreChanges };
        const { before, after } = await updateObject(context, write);
        live = after;
        if (!preview) {
            live = await awaitReady(context, { urn, inputs, live, last: before, timeout: question.timeout, log });
            log.clear();
        }
    } catch (error) {
        if (preview && isForbidden(error)) return properties;
        if (error instanceof NoMatchError) {
            throw new Error(
                `update of resource "${urn}" failed because the Kubernetes API server reported that the apiVersion for this ` +
                    `resource does not exist. Verify that any required CRDs have been created: ${error.message}`,
            );
        }
        failed = error;
        live = await context.cluster.objects(oldLive).then(
            (objects) => objects.get(nameOf(oldLive)),
            (getError: Error) => {
                throw new Error(
                    `update of resource "${urn}" failed: ${(error as Error).message}\nunable to get cluster state: ${getError.message}`,
                );
            },
        );
    }
    const state = writeCheckpoint(inputs, live, properties, meta);
    if (failed) {
        throw initFailed(
            idOf(live),
            `the Kubernetes API server reported that "${idOf(live)}" failed to fully initialize or become live: ` +
                (failed as Error).message,
            reasons(failed),
            state,
        );
    }
    const oldManager = fieldManagerFor(olds, oldInputs, serverSideApply);
    if (serverSideApply && !preview && oldManager !== fieldManager) {
        await relinquish(await context.cluster.objects(live), live, oldManager);
    }
    return state;
}

export interface ReadQuestion {
    urn: string;
    id: string;
    /** the resource's state; empty for an import or a `get` */
    properties: Props;
    /** the inputs of the last run; empty likewise */
    inputs: Props;
}

export interface Read {
    id: string;
    properties: Props;
    inputs: Props;
}

/** @returns undefined when the object is gone */
export async function readResource(context: ResourceContext, question: ReadQuestion): Promise<Read | undefined> {
    const { urn, id, properties } = question;
    const { namespace, name } = parseId(id);
    if (!name) throw new Error(`failed to read resource because "${id}" is no id: it must be <name> or <namespace>/<name>`);
    const { live: oldLive } = readCheckpoint(properties);
    const oldInputs = normalise(toObject(question.inputs));
    const imported = identify(urn, oldInputs, oldLive, namespace, name);

    let live: Tree;
    let failed: AwaitError | undefined;
    try {
        const objects = await context.cluster.objects(oldInputs);
        live = await objects.get(name);
        if (!imported) {
            const log = new ResourceLog(context.engine, urn);
            live = await checkReady(context, { urn, inputs: oldInputs, live, last: undefined, timeout: 0, log });
        }
    } catch (error) {
        if (error instanceof NoMatchError || isNotFound(error)) return undefined;
        if (!(error instanceof AwaitError) || !error.live) throw error;
        failed = error;
        live = error.live;
    }
    const inputs = imported ? inputsFromLive(live, oldInputs) : prune(live, oldInputs);
    const meta = {
        initialApiVersion: initialApiVersion(properties, oldInputs),
        fieldManager: fieldManagerFor(properties, oldInputs, context.settings.serverSideApply),
    };
    const state = writeCheckpoint(inputs, live, question.inputs, meta);
    markSecrets(inputs, question.inputs);
    if (failed) throw initFailed(id, failed.message, failed.reasons, state, inputs);
    return { id, properties: state, inputs };
}

/** Completes the inputs so that they name the object. @returns whether nothing was known of it before */
function identify(urn: string, inputs: Tree, oldLive: Tree, namespace: string, name: string): boolean {
    if (text(inputs, "kind")) return false;
    const known = text(oldLive, "kind") !== "";
    const gvk = known ? gvkOf(oldLive) : gvkOfUrn(urn);
    inputs["apiVersion"] = groupVersion(gvk);
    inputs["kind"] = gvk.kind;
    if (!nameOf(inputs)) setAt(inputs, name, "metadata", "name");
    if (!namespaceOf(inputs)) setNamespace(inputs, namespace);
    return !known;
}

export interface DeleteQuestion {
    urn: string;
    id: string;
    properties: Props;
    timeout: number;
}

/** Deletes the object and waits until it is gone. One that is gone already is fine. */
export async function deleteResource(context: ResourceContext, question: DeleteQuestion): Promise<void> {
    const { urn, properties, timeout } = question;
    const { inputs, live } = readCheckpoint(properties);
    const { name } = parseId(question.id);
    const log = new ResourceLog(context.engine, urn);
    const patch = context.settings.serverSideApply && isPatch(urn, text(inputs, "kind"));
    try {
        const objects = await context.cluster.objects(live);
        if (patch) {
            await relinquish(objects, live, fieldManagerFor(properties, inputs, true));
            return;
        }
        await objects.delete(name, propagation(inputs));
        await awaitDeleted(context, { urn, inputs, live, last: undefined, timeout, log });
        log.clear();
    } catch (error) {
        if (error instanceof NoMatchError || isNotFound(error)) return;
        if (patch) throw explainRelinquish(error);
        if (!(error instanceof AwaitError)) throw error;
        const meta = {
            initialApiVersion: initialApiVersion(properties, {}),
            fieldManager: fieldManagerFor(properties, inputs, context.settings.serverSideApply),
        };
        const last = error.live ?? live;
        throw initFailed(idOf(last), error.message, error.reasons, writeCheckpoint(live, last, properties, meta));
    }
}

function propagation(inputs: Tree): string {
    const policy = annotation(inputs, DELETION_PROPAGATION).toLowerCase();
    return policy === "orphan" ? "Orphan" : policy === "background" ? "Background" : "Foreground";
}

function explainRelinquish(error: unknown): unknown {
    if (!isInvalid(error) || !error.message.includes("Required value")) return error;
    const cause = list(error.status, "details", "causes").find((item) => text(item, "reason") === "FieldValueRequired");
    return new Error(
        "this Patch resource is currently managing a required field, so it can't be deleted directly. Either set the " +
            "`retainOnDelete` resource option, or transfer ownership of the field before deleting: " +
            text(cause, "field"),
    );
}

function reasons(error: unknown): string[] {
    return error instanceof AwaitError ? error.reasons : [];
}

