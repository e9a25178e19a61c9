import type { CheckFailure } from "@pulumi/pulumi/provider";
import { deserializeProperty, unwrapRpcSecret } from "@pulumi/pulumi/runtime/rpc";
import type { Logging } from "./output";

/** Properties as the engine sends them: JSON, in which objects with a signature mark secrets. */
export type Properties = Readonly<Record<string, unknown>>;

/** An SSH server and who logs in there; the SDK has filled in the defaults. */
export interface Connection {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password?: string;
    /** In PEM form. Without it, the agent's keys are tried. */
    readonly privateKey?: string;
    readonly privateKeyPassword?: string;
    /** Default: $SSH_AUTH_SOCK. */
    readonly agentSocketPath?: string;
    /** The server's public key, such as `ssh-ed25519 AAAA...`; without it any server is trusted. */
    readonly hostKey?: string;
    /** Further attempts after one that failed; -1: any number. */
    readonly dialErrorLimit: number;
    /** Seconds for each attempt; 0: any time. */
    readonly perDialTimeout: number;
}

/** The inputs of both resources, without secrets' wrappings. */
export interface CommandInputs {
    readonly create?: string;
    readonly update?: string;
    readonly delete?: string;
    readonly triggers?: readonly unknown[];
    readonly stdin?: string;
    readonly logging?: Logging;
    readonly environment?: Readonly<Record<string, string>>;
    readonly addPreviousOutputInEnv?: boolean;
    /** Of a local command. */
    readonly interpreter?: readonly string[];
    readonly dir?: string;
    /** Of a remote command. */
    readonly connection?: Connection;
}

const BOTH = [
    "create",
    "update",
    "delete",
    "triggers",
    "stdin",
    "logging",
    "environment",
    "addPreviousOutputInEnv",
] as const satisfies (keyof CommandInputs)[];

/** Names of the inputs by type of resource. */
const INPUTS: Readonly<Record<string, readonly (keyof CommandInputs)[]>> = {
    "command:local:Command": [...BOTH, "interpreter", "dir"],
    "command:remote:Command": [...BOTH, "connection"],
};

/** A copy without the wrappings of secrets. */
export const reveal = <T>(value: unknown): T => unwrapRpcSecret(deserializeProperty(value ?? null)) as T;

/** What keeps the stand-in from running a command, a sentence each. */
export function checkInputs(type: string, inputs: Properties): CheckFailure[] {
    const known: readonly string[] | undefined = INPUTS[type];
    if (!known) {
        const types = Object.keys(INPUTS).join(" and ");
        return [{ property: "", reason: `the lab's stand-in for the Command plugin knows ${types} only, not ${type}` }];
    }
    const failures = Object.keys(inputs)
        .filter((property) => !known.includes(property))
        .map((property) => ({
            property,
            reason: `the lab's stand-in for the Command plugin does not know "${property}"`,
        }));
    if (reveal<{ proxy?: unknown } | null>(inputs["connection"])?.proxy) {
        failures.push({ property: "connection.proxy", reason: "the lab's stand-in connects to hosts directly only" });
    }
    return failures;
}

/** Names of the inputs whose values differ, secret or not. */
export function changedInputs(type: string, before: Properties, after: Properties): string[] {
    const text = (value: unknown) => JSON.stringify(reveal(value));
    return (INPUTS[type] ?? []).filter((name) => text(before[name]) !== text(after[name]));
}
