import { join } from "node:path";
import { CommandError, type EngineEvent, LocalWorkspace, Stack } from "@pulumi/pulumi/automation";
import { reasonOf, UserError } from "@istio-on-pulumi/kube";
import { autoscaledIn } from "./autoscalers";
import { complaintIn } from "./cliOutput";
import type { Kind } from "./model";

/** What the engine told of one operation. */
export interface Recording {
    readonly kind: Kind;
    readonly stack: string;
    readonly events: readonly EngineEvent[];
    /** Of a drift: titles of the workloads whose number of pods is an autoscaler's. */
    readonly autoscaled: readonly string[];
    /** What the CLI printed where it failed; absent where all went well. */
    readonly failure?: string;
}

/** How an operation is watched, and ended. */
export interface Watch {
    /** Has the engine end in order, once: what it has done is recorded, and no lock stays. */
    readonly signal?: AbortSignal;
    /** Called when the engine is at work; an update then holds the stack's lock. */
    readonly onStart?: () => void;
}

/** The directory of the project. */
const PROJECT_DIRECTORY = join(__dirname, "..");

/**
 * Runs an operation of a stack by the CLI on the PATH and records what the engine tells of it.
 *
 * @throws UserError where there is no CLI, or where it does not get as far as the engine
 */
export async function record(kind: Kind, name: string, { signal, onStart }: Watch = {}): Promise<Recording> {
    const stack = await stackOf(name);
    const events: EngineEvent[] = [];
    const onEvent = (event: EngineEvent) => {
        if (events.push(event) === 1) onStart?.();
    };
    const options = { onEvent, signal, color: "never" as const };
    const failure = await OPERATIONS[kind](stack, options).then(
        () => undefined,
        (error: unknown) => {
            if (!(error instanceof CommandError)) throw error;
            return error.message;
        },
    );
    if (failure !== undefined && events.length === 0) {
        throw new UserError(`The ${kind} of stack ${JSON.stringify(name)} did not start: ${complaintIn(failure)}`);
    }
    const autoscaled = kind === "drift" && failure === undefined ? await autoscaledIn(stack, events) : [];
    return { kind, stack: name, events, autoscaled, failure };
}

type Options = { onEvent: (event: EngineEvent) => void; signal?: AbortSignal; color: "never" };

const OPERATIONS: Readonly<Record<Kind, (stack: Stack, options: Options) => Promise<unknown>>> = {
    preview: (stack, options) => stack.preview(options),
    up: (stack, options) => stack.up(options),
    drift: (stack, options) => stack.previewRefresh(options),
};

/** A stack of the project, by the CLI on the PATH. @throws UserError where there is none */
export async function stackOf(name: string): Promise<Stack> {
    const workspace = await LocalWorkspace.create({ workDir: PROJECT_DIRECTORY }).catch((error: unknown) => {
        throw new UserError(
            `Pulumi's CLI does not run (${reasonOf(error)}): install it (https://www.pulumi.com/docs/install/), ` +
                "so that `pulumi version` prints one.",
        );
    });
    // Whoever looks at a stack does not want another one selected; each operation names its stack itself.
    workspace.selectStack = () => Promise.resolve();
    return Stack.select(name, workspace);
}
