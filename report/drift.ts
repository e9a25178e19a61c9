import type { StepEventMetadata } from "@pulumi/pulumi/automation/events";
import { isController } from "../cluster";
import type { Fields, Resource, Writer } from "./model";
import { plain } from "./plain";
import { at, type Difference, differences, isFields, listAt, type Path, pathText, textAt } from "./values";

/**
 * What somebody else has changed of a resource since the stack's last operation.
 *
 * Told by the object's own record of who wrote what: what the cluster's controllers and istiod write is no drift, and
 * neither is what nobody claims, such as a default of a newer API server.
 *
 * @param step what a refresh found
 * @param resource the same, as any step is read
 * @param autoscaled titles of the workloads whose number of pods is an autoscaler's
 */
export function driftOf(
    { op, old, new: found }: StepEventMetadata,
    resource: Resource,
    autoscaled: readonly string[],
): Resource {
    const claimed = plain(old?.inputs);
    const kept = { ...resource, hidden: [], because: [], before: claimed, after: claimed };
    if (op === "delete" || (old && !found)) return { ...kept, verb: "delete", after: undefined };
    const live = plain(found?.outputs);
    const isObject = isFields(live?.metadata);
    const written = differences(lasting(plain(old?.outputs)), lasting(live))
        .filter(({ path }) => !isRecord(path))
        .map((difference) => ({ difference, writer: isObject ? writerOf(difference, old?.outputs, live) : undefined }))
        .filter(({ difference, writer }) => (writer ? !isController(writer.manager) : isSomeones(difference, claimed)))
        .filter(({ difference: { path } }) => pathText(path) !== SCALE || !autoscaled.includes(resource.title));
    if (written.length === 0) return { ...kept, verb: "keep" };
    const all = written.map(({ difference }) => difference);
    return {
        ...kept,
        verb: "update",
        before: all.reduce((object, { path, before }) => withValue(object, path, before), claimed ?? {}),
        after: all.reduce((object, { path, after }) => withValue(object, path, after), claimed ?? {}),
        writers: written.flatMap(({ writer }) => writer ?? []),
    };
}

const SCALE = "spec.replicas";

/**
 * Whether a field that nobody is recorded to have written is another by somebody's doing: what the program asked for,
 * or what had a value before. What is new and nobody's is a default.
 */
const isSomeones = ({ path, before, after }: Difference, claimed: Fields | undefined): boolean =>
    at(claimed, ...path) !== undefined || (before !== undefined && after !== undefined);

/**
 * Why nothing can be said: none of the stack's objects is the one that it was. A context's name often leads to another
 * cluster, where all of them would seem to be deleted.
 */
export function otherCluster(steps: readonly StepEventMetadata[]): string[] {
    const objects = steps.filter(({ old }) => textAt(old?.outputs, "metadata", "uid") !== undefined);
    const isThere = ({ old, new: found }: StepEventMetadata) =>
        textAt(found?.outputs, "metadata", "uid") === textAt(old?.outputs, "metadata", "uid");
    return objects.length === 0 || objects.some(isThere)
        ? []
        : [
              `None of the ${objects.length} objects of this stack is in the cluster: it is another cluster, or was made ` +
                  "anew. Name the stack's own with: pulumi config set --path cluster.context <name>",
          ];
}

/** What is written with every change or by the API server alone. */
const PASSING = ["managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"];

function lasting(object: Fields | undefined): Fields {
    const { status: _, metadata, ...rest } = object ?? {};
    if (!isFields(metadata)) return rest;
    return {
        ...rest,
        metadata: Object.fromEntries(Object.entries(metadata).filter(([field]) => !PASSING.includes(field))),
    };
}

/** Annotations that record a command of kubectl's and decide on nothing. */
const isRecord = (path: Path): boolean =>
    ["kubectl.kubernetes.io/restartedAt", "kubectl.kubernetes.io/last-applied-configuration"].includes(
        String(path.at(-1)),
    );

interface ManagedFields {
    manager?: string;
    time?: string;
    subresource?: string;
    fieldsV1?: Fields;
}

/**
 * Who wrote a field. Of one that is gone nobody is recorded: then whoever has written to the object since, unless there
 * were several.
 */
function writerOf({ path, after }: Difference, old: unknown, live: Fields | undefined): Writer | undefined {
    const entries = listAt(live, "metadata", "managedFields") as ManagedFields[];
    const former = (listAt(old, "metadata", "managedFields") as ManagedFields[]).map(identityOf);
    const owners = entries.filter(
        ({ fieldsV1 = {} }) => Object.keys(fieldsV1).length > 0 && isOwned(fieldsV1, path, live),
    );
    const since = entries.filter(
        (entry) =>
            entry.subresource !== "status" && !isController(entry.manager) && !former.includes(identityOf(entry)),
    );
    const writer =
        owners.length > 0 ? newest(owners) : after === undefined && since.length === 1 ? since[0] : undefined;
    return writer?.manager === undefined
        ? undefined
        : { field: pathText(path), manager: writer.manager, time: writer.time };
}

const identityOf = ({ manager, subresource, time }: ManagedFields) => `${manager} ${subresource} ${time}`;
const newest = (entries: readonly ManagedFields[]) =>
    [...entries].sort((a, b) => ((a.time ?? "") < (b.time ?? "") ? -1 : 1)).at(-1);

/** Whether a set of fields, as server-side apply writes them down, has a place of an object. */
function isOwned(set: unknown, [step, ...rest]: Path, object: unknown): boolean {
    if (!isFields(set)) return false;
    // All below it is one value to server-side apply.
    if (step === undefined || Object.keys(set).length === 0) return true;
    const inner = at(object, step);
    const key = typeof step === "string" ? `f:${step}` : Object.keys(set).find((each) => isKeyOf(each, step, inner));
    return key !== undefined && key in set && isOwned(set[key], rest, inner);
}

/** An element of a list is named by some of its fields (`k:`), by itself (`v:`), or by its place (`i:`). */
function isKeyOf(key: string, index: number, element: unknown): boolean {
    const value = key.slice(2);
    if (key.startsWith("i:")) return Number(value) === index;
    if (key.startsWith("v:")) return value === JSON.stringify(element);
    return (
        key.startsWith("k:") &&
        Object.entries(JSON.parse(value) as Fields).every(([field, expected]) => at(element, field) === expected)
    );
}

function withValue(object: unknown, [step, ...rest]: Path, value: unknown): Fields {
    const copy = (Array.isArray(object) ? [...(object as unknown[])] : isFields(object) ? { ...object } : {}) as Record<
        string | number,
        unknown
    >;
    const inner = rest.length === 0 ? value : withValue(copy[step!], rest, value);
    if (inner === undefined) delete copy[step!];
    else copy[step!] = inner;
    return copy;
}
