import type { EngineEvent, OpType, StepEventMetadata, StepEventStateMetadata } from "@pulumi/pulumi/automation";
import { changesOf } from "../../report/changes";
import type { Changes, Fields, Kind } from "../../report/model";
import { type Report, reportOf } from "../../report/report";

type Detail = NonNullable<StepEventMetadata["detailedDiff"]>;

/** One step of a resource, as short as it can be said. */
export interface Step {
    readonly op?: string;
    /** Pulumi's, such as `core/v1:Service`, without the plugin's name; with `:` in front of it, whole. */
    readonly type: string;
    readonly name?: string;
    readonly before?: Fields;
    readonly after?: Fields;
    /** What the cluster said before, and of a drift what it says now. */
    readonly state?: Fields;
    readonly live?: Fields;
    readonly keys?: readonly string[];
    /** Paths of the engine's own difference. */
    readonly differs?: readonly string[];
    readonly stays?: boolean;
    readonly isComponent?: boolean;
}

export const STACK = "dev";

/** The events of an operation with these steps, in their order. */
export function eventsOf(steps: readonly Step[], kind: Kind = "preview"): EngineEvent[] {
    return steps.map((step, sequence) => {
        const metadata = metadataOf(step);
        return {
            sequence,
            timestamp: 0,
            ...(kind === "preview" ? { resourcePreEvent: { metadata } } : { resOutputsEvent: { metadata } }),
        };
    });
}

function metadataOf({
    type,
    name,
    before,
    after,
    state,
    live,
    keys,
    differs,
    stays,
    isComponent,
    ...step
}: Step): StepEventMetadata {
    const whole = type.startsWith(":") ? type.slice(1) : `kubernetes:${type}`;
    const own = name ?? String((((before ?? after)?.metadata ?? {}) as Fields).name);
    const urn = `urn:pulumi:${STACK}::istio-on-pulumi::${whole}::${own}`;
    const side = (inputs: Fields | undefined, outputs: Fields | undefined): StepEventStateMetadata | undefined =>
        inputs && {
            type: whole,
            urn,
            ...(!isComponent && { custom: true }),
            id: own,
            parent: "",
            provider: "",
            ...(stays && { retainOnDelete: true }),
            inputs,
            outputs: outputs ?? inputs,
        };
    const op = step.op ?? (before && after ? "update" : before ? "delete" : "create");
    return {
        op: op as OpType,
        urn,
        type: whole,
        provider: "",
        old: side(before, state),
        new: side(after, live),
        ...(keys && { keys: [...keys] }),
        ...(differs && {
            detailedDiff: Object.fromEntries(
                differs.map((path) => [path, { diffKind: "update", inputDiff: false }]),
            ) as Detail,
        }),
    };
}

export const changesIn = (
    steps: readonly Step[],
    kind: Kind = "preview",
    { autoscaled = [], failure }: { autoscaled?: readonly string[]; failure?: string } = {},
): Changes => changesOf({ kind, stack: STACK, events: eventsOf(steps, kind), autoscaled, failure });

export const reportIn = (steps: readonly Step[], kind: Kind = "preview"): Report => reportOf(changesIn(steps, kind));

/** A step that changes nothing. */
export const same = (type: string, object: Fields): Step => ({ op: "same", type, before: object, after: object });

/** Fields of an object: its name, its namespace, and what else it has. */
export const named = (name: string, rest: Fields = {}, namespace: string | undefined = "shop"): Fields => ({
    ...rest,
    metadata: { ...(rest.metadata as Fields | undefined), name, ...(namespace && { namespace }) },
});

/** A workload whose pods have one container. */
export const workload = (
    name: string,
    image: string,
    more: Fields = {},
    pod: Fields = {},
    namespace = "shop",
): Fields =>
    named(name, { spec: { ...more, template: { spec: { containers: [{ name: "app", image }], ...pod } } } }, namespace);

/** The risks of a preview, each with its level before it. */
export const sentences = (...steps: Step[]): string[] =>
    reportIn(steps).risks.map(({ level, sentence }) => `${level}: ${sentence}`);

/** The steps of one replacement; unless told otherwise the old one goes first. */
export const replaced = (step: Step, ...ops: string[]): Step[] =>
    (ops.length > 0 ? ops : ["delete-replaced", "replace", "create-replacement"]).map((op) => ({ ...step, op }));
