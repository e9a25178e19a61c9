import type { DiagnosticEvent, StepEventMetadata } from "@pulumi/pulumi/automation/events";
import { complaintIn, withoutMarkup } from "./cliOutput";
import { driftOf, otherCluster } from "./drift";
import type { Changes, Fields, Resource, Verb } from "./model";
import { plain, SECRET } from "./plain";
import type { Recording } from "./run";
import { at, differences, type Path, pathText, textAt } from "./values";

/** What an operation did or would do, from what the engine told of it. */
export function changesOf({ kind, stack, events, autoscaled, failure }: Recording): Changes {
    const steps = new Map<string, StepEventMetadata[]>();
    for (const { resourcePreEvent, resOutputsEvent } of events) {
        // What is told before a step is what would be done; what is told after it is what was done or found.
        const event = kind === "preview" ? resourcePreEvent : resOutputsEvent;
        if (!event || event.metadata.type === "pulumi:pulumi:Stack") continue;
        const { urn } = event.metadata;
        steps.set(urn, [...(steps.get(urn) ?? []), event.metadata]);
    }
    const all = [...steps.values()].map((of) => ({
        isComponent: !of.some((step) => (step.new ?? step.old)?.custom),
        resource: kind === "drift" ? driftOf(of.at(-1)!, resourceOf(of), autoscaled) : resourceOf(of),
    }));
    return {
        kind,
        stack,
        resources: all.filter(({ isComponent }) => !isComponent).map(({ resource }) => resource),
        components: all.filter(({ isComponent }) => isComponent).map(({ resource }) => resource),
        refusals: [
            ...(failure === undefined
                ? []
                : refusalsIn(
                      events.flatMap((event) => event.diagnosticEvent ?? []),
                      failure,
                  )),
            ...(kind === "drift" ? otherCluster([...steps.values()].map((of) => of.at(-1)!)) : []),
        ],
    };
}

function resourceOf(steps: readonly StepEventMetadata[]): Resource {
    const { urn, type } = steps[0]!;
    const before = steps.find(({ old }) => old)?.old;
    const after = steps.findLast((step) => step.new)?.new;
    const verb = verbOf(steps.map(({ op }) => op));
    const inputs = { before: plain(before?.inputs), after: verb === "delete" ? undefined : plain(after?.inputs) };
    const state = plain(before?.outputs ?? after?.outputs);
    const detailed = Object.entries(Object.assign({}, ...steps.map((step) => step.detailedDiff ?? {})) as Details);
    return {
        urn,
        type,
        ...nameOf(urn, type, inputs.before ?? inputs.after, state),
        verb,
        isRead: steps.every(({ op }) => /^(read|discard)/.test(op)),
        ...(verb !== "create" && { before: inputs.before }),
        after: inputs.after,
        state,
        hidden: hiddenIn(
            detailed.map(([path]) => path),
            inputs,
        ),
        because: [
            ...new Set([
                ...steps.flatMap(({ keys }) => keys ?? []),
                ...detailed.filter(([, { diffKind }]) => diffKind.endsWith("-replace")).map(([path]) => path),
            ]),
        ].sort(),
        goesFirst: isBefore(steps, "delete-replaced", "create-replacement"),
        stays: before?.retainOnDelete ?? false,
        writers: [],
    };
}

function isBefore(steps: readonly StepEventMetadata[], one: string, other: string): boolean {
    const [first, second] = [one, other].map((name) => steps.findIndex(({ op }) => op === name)) as [number, number];
    return first >= 0 && first < second;
}

type Details = NonNullable<StepEventMetadata["detailedDiff"]>;

/** A replacement is several steps of one resource. */
function verbOf(ops: readonly string[]): Verb {
    if (ops.some((op) => op.includes("replace"))) return "replace";
    if (ops.some((op) => op === "create" || op === "import")) return "create";
    if (ops.includes("update")) return "update";
    return ops.includes("delete") ? "delete" : "keep";
}

function nameOf(urn: string, type: string, inputs: Fields | undefined, state: Fields | undefined) {
    const [group = "", kind = type] = [type.split(":").slice(0, -1).join(":"), type.split(":").at(-1)];
    const ownName = urn.split("::").at(-1)!;
    const isObject = type.startsWith("kubernetes:") && !group.startsWith("kubernetes:helm.sh");
    if (!isObject) return { title: `${kind} ${ownName}`, kind, name: ownName, namespace: textAt(inputs, "namespace") };
    const metadata = (field: string) => textAt(inputs, "metadata", field) ?? textAt(state, "metadata", field);
    const [name = ownName, namespace] = [metadata("name"), metadata("namespace")];
    return { title: `${kind} ${namespace ? `${namespace}/` : ""}${name}`, kind, name, namespace };
}

/** What the engine calls different and hides: both sides read the same. */
function hiddenIn(paths: readonly string[], { before, after }: { before?: Fields; after?: Fields }): string[] {
    const seen = differences(before, after).map(({ path }) => pathText(path));
    return paths.filter((path) => {
        const value = at(after, ...parsePath(path));
        return value === SECRET && !seen.some((other) => other.startsWith(path) || path.startsWith(other));
    });
}

function parsePath(text: string): Path {
    return [...text.matchAll(/\["([^"]*)"\]|\[(\d+)\]|([^.[\]]+)/g)].map(([, quoted, index, name]) =>
        index === undefined ? (quoted ?? name!) : Number(index),
    );
}

/** The errors' own words, without what the engine says after each of them. */
function refusalsIn(diagnostics: readonly DiagnosticEvent[], failure: string): string[] {
    const words = diagnostics
        .filter(({ severity }) => severity === "error")
        .map(({ message }) =>
            withoutMarkup(message)
                .replace(/^error: /, "")
                .replace(BAD_ADVICE, "")
                .trim(),
        )
        .filter((message) => message !== "" && !AFTERTHOUGHT.test(message));
    return words.length > 0 ? [...new Set(words)] : [complaintIn(failure)];
}

/** The provider's, about a cluster that it does not reach: whoever follows it loses the state of all that is there. */
const BAD_ADVICE = /\s*If the cluster was deleted, you can remove this resource from Pulumi state.*/;

const AFTERTHOUGHT = /^(preview|update|refresh) failed$|^an unhandled error occurred: |^Program exited /i;
