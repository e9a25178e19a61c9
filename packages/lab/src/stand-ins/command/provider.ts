import { randomBytes } from "node:crypto";
import manifest from "@pulumi/command/package.json";
import type { CheckResult, CreateResult, DiffResult, Provider, UpdateResult } from "@pulumi/pulumi/provider";
import { isRpcSecret, specialSecretSig, specialSigKey } from "@pulumi/pulumi/runtime/rpc";
import { changedInputs, checkInputs, type CommandInputs, type Properties, reveal } from "./inputs";
import { runLocal } from "./local";
import type { Log } from "./log";
import type { Printed } from "./output";
import { runRemote } from "./remote";

/** When a command runs. */
type Operation = "create" | "update" | "delete";

/** The resources `command:local:Command` and `command:remote:Command`, as the official plugin has them. */
export class CommandProvider implements Provider {
    readonly version = manifest.version;
    private readonly cancelled = new AbortController();

    constructor(private readonly log: Log) {}

    check(urn: string, _: Properties, inputs: Properties): Promise<CheckResult> {
        return Promise.resolve({ inputs, failures: checkInputs(typeOf(urn), inputs) });
    }

    diff(_: string, urn: string, state: Properties, inputs: Properties): Promise<DiffResult> {
        const changed = changedInputs(typeOf(urn), state, inputs);
        return Promise.resolve({
            changes: changed.length > 0,
            replaces: changed.filter((name) => name === "triggers"),
        });
    }

    async create(urn: string, inputs: Properties): Promise<CreateResult> {
        const id = `${urn.split("::").slice(3).join("::")}${randomBytes(4).toString("hex")}`;
        return { id, outs: await this.run(urn, "create", inputs, {}) };
    }

    async update(_: string, urn: string, state: Properties, inputs: Properties): Promise<UpdateResult> {
        return { outs: await this.run(urn, "update", inputs, state) };
    }

    async delete(_: string, urn: string, state: Properties): Promise<void> {
        await this.run(urn, "delete", state, state);
    }

    cancel(): Promise<void> {
        this.cancelled.abort();
        return Promise.resolve();
    }

    /** Runs the operation's command. @returns the new state: the inputs, and what the command printed. */
    private async run(urn: string, operation: Operation, inputs: Properties, state: Properties): Promise<Properties> {
        const plain = reveal<CommandInputs>(inputs);
        const previous = reveal<Partial<Printed>>(state);
        const command = plain[operation] ?? (operation === "update" ? plain.create : undefined);
        const { stdout = "", stderr = "" } =
            command === undefined ? previous : await this.execute(urn, command, plain, previous);
        const secret = Object.values(inputs).some((value) => isRpcSecret(value));
        const output = (value: string) => (secret ? { [specialSigKey]: specialSecretSig, value } : value);
        return { ...inputs, stdout: output(stdout), stderr: output(stderr) };
    }

    private execute(urn: string, command: string, inputs: CommandInputs, previous: Partial<Printed>): Promise<Printed> {
        const environment = previousOutput(inputs, previous);
        const runIt = typeOf(urn) === "command:local:Command" ? runLocal : runRemote;
        return runIt(command, inputs, environment, (line) => this.log(urn, line), this.cancelled.signal);
    }
}

/** A resource's own type, without those of its parents. */
const typeOf = (urn: string) => urn.split("::")[2]?.split("$").at(-1) ?? "";

/** The variables by which a command sees what the one before it printed, unless the program does not want them. */
function previousOutput({ addPreviousOutputInEnv }: CommandInputs, { stdout, stderr }: Partial<Printed>) {
    if (addPreviousOutputInEnv === false) return {};
    return {
        ...(stdout && { PULUMI_COMMAND_STDOUT: stdout }),
        ...(stderr && { PULUMI_COMMAND_STDERR: stderr }),
    };
}
