/** The life of the plugin's resources. */
import { randomBytes } from "node:crypto";
import { isDeepStrictEqual as equal } from "node:util";
import { type Engine, ResourceLog } from "../rpc/engine";
import { parseUrn } from "../rpc/urn";
import { type Props, reveal } from "../rpc/values";
import { copyToRemote } from "./copy";
import { previousOutput, runLocal } from "./local";
import { previewOfCreation, previewOfUpdate, type Results, stateOf } from "./outputs";
import { checkInputs, fieldsOf } from "./schema";
import { type Connection, SshSession } from "./ssh";

/** What there is to do for a resource: run a command, or copy. */
type Work = (
    verb: "create" | "update" | "delete",
    inputs: Props,
    previous: Partial<Results>,
) => Promise<Partial<Results>>;

export class Resources {
    constructor(
        private readonly engine: Engine,
        private readonly cancelled: AbortSignal,
    ) {}

    async create(urn: string, inputs: Props, preview: boolean): Promise<{ id: string; state: Props }> {
        const { type, name } = parseUrn(urn);
        const suffix = randomBytes(4).toString("hex");
        const id = type.endsWith(":CopyToRemote") ? suffix : name + suffix;
        if (preview) return { id: "", state: previewOfCreation(inputs, results(type)) };
        return { id, state: stateOf(inputs, await this.work(urn)("create", inputs, {})) };
    }

    async update(urn: string, olds: Props, inputs: Props, preview: boolean): Promise<Props> {
        const { type } = parseUrn(urn);
        if (preview) return previewOfUpdate(olds, inputs, results(type));
        if (type.endsWith(":CopyToRemote") && !isCopyDue(olds, inputs)) return inputs;
        return stateOf(inputs, await this.work(urn)("update", inputs, previousResults(olds)));
    }

    async delete(urn: string, state: Props): Promise<void> {
        const inputs = Object.fromEntries(
            Object.entries(state).filter(([name]) => name in fieldsOf(parseUrn(urn).type)),
        );
        await this.work(urn)("delete", inputs, previousResults(state));
    }

    /** The function `command:local:run`. @throws Error when an argument is missing or wrong, or the command fails */
    async invoke(token: string, args: Props): Promise<Props> {
        const { inputs, failures } = checkInputs(token, args);
        const [failure] = failures;
        if (failure) throw new Error(`${token}: ${failure.property}: ${failure.reason}`);
        const log = new ResourceLog(this.engine, "");
        return stateOf(inputs, await runLocal(reveal(inputs["command"]) as string, inputs, {}, log, this.cancelled));
    }

    private work(urn: string): Work {
        const log = new ResourceLog(this.engine, urn);
        const { type } = parseUrn(urn);
        return async (verb, inputs, previous) => {
            if (type.endsWith(":CopyToRemote")) {
                if (verb === "delete") return {};
                const { connection, source, remotePath } = reveal(inputs) as CopyInputs;
                const copy = (session: SshSession): Promise<void> => copyToRemote(session, source, remotePath);
                await SshSession.use(connection, log, this.cancelled, copy);
                return {};
            }
            const command = commandFor(verb, inputs);
            if (command === undefined) return { stdout: "", stderr: "", ...previous };
            if (type.startsWith("command:local:")) return runLocal(command, inputs, previous, log, this.cancelled);
            const plain = reveal(inputs) as RemoteInputs;
            const environment = { ...plain.environment, ...previousOutput(plain, previous) };
            const { stdin, logging } = plain;
            return SshSession.use(plain.connection, log, this.cancelled, (session) =>
                session.run(command, { stdin, logging, environment }),
            );
        };
    }
}

interface CopyInputs {
    connection: Connection;
    source: unknown;
    remotePath: string;
}

interface RemoteInputs {
    connection: Connection;
    stdin?: string;
    logging?: string;
    environment?: Record<string, string>;
    addPreviousOutputInEnv?: boolean;
}

/** An update without a command of its own runs the one of the creation. */
function commandFor(verb: "create" | "update" | "delete", inputs: Props): string | undefined {
    const command =
        (verb === "update" ? inputs["update"] : undefined) ?? inputs[verb === "delete" ? "delete" : "create"];
    return reveal(command) as string | undefined;
}

function results(type: string): string[] {
    return type.endsWith(":CopyToRemote") ? [] : ["stdout", "stderr"];
}

function previousResults(state: Props): Partial<Results> {
    const plain = reveal(state) as Props;
    const known = ["stdout", "stderr", "assets", "archive"].filter((name) => plain[name] !== undefined);
    return Object.fromEntries(known.map((name) => [name, plain[name]]));
}

function isCopyDue(olds: Props, inputs: Props): boolean {
    const before = reveal(olds) as Props;
    const after = reveal(inputs) as Props;
    return before["remotePath"] !== after["remotePath"] || !equal(plainSource(before), plainSource(after));
}

function plainSource(inputs: Props): unknown {
    const source = inputs["source"] as { fields?: Props } | undefined;
    return source?.fields?.["hash"] ?? source?.fields;
}
