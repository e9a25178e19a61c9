/** Connections by the ssh program, which must be on PATH. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ResourceLog } from "../rpc/engine";
import { execute, type Printed } from "./process";

export interface Connection {
    host: string;
    user: string;
    port: number;
    privateKey?: string;
    agentSocketPath?: string;
    /** the server's public key; without it any server is trusted */
    hostKey?: string;
    /** failed attempts to allow; -1: any number */
    dialErrorLimit: number;
    /** seconds for each attempt */
    perDialTimeout: number;
}

const RETRY_MS = 500;
const SLOWEST_RETRY_MS = 5000;

/** One connection that several commands share. */
export class SshSession {
    private constructor(
        private readonly options: string[],
        private readonly target: string,
        private readonly env: NodeJS.ProcessEnv,
        private readonly folder: string,
        private readonly log: ResourceLog,
        private readonly signal: AbortSignal,
    ) {}

    /** Connects, uses the connection, and closes it. @throws Error when the host cannot be reached or refuses */
    static async use<T>(
        connection: Connection,
        log: ResourceLog,
        signal: AbortSignal,
        work: (session: SshSession) => Promise<T>,
    ): Promise<T> {
        const folder = mkdtempSync(join(tmpdir(), "ssh-"));
        const env = { ...process.env };
        if (connection.agentSocketPath) env["SSH_AUTH_SOCK"] = connection.agentSocketPath;
        const target = `${connection.user}@${connection.host}`;
        const session = new SshSession(sshOptions(connection, folder), target, env, folder, log, signal);
        try {
            await session.connect(connection.dialErrorLimit);
            return await work(session);
        } finally {
            await session.close();
        }
    }

    /** Runs a command with the remote user's shell; variables reach it if the server accepts them (AcceptEnv). */
    run(
        command: string,
        more: { stdin?: string | Buffer | undefined; logging?: string | undefined; environment?: Record<string, string> } = {},
    ): Promise<Printed> {
        const variables = Object.entries(more.environment ?? {});
        const names = variables.flatMap(([name]) => ["-o", `SendEnv=${name}`]);
        return execute(
            {
                program: "ssh",
                args: [...this.options, ...names, this.target, command],
                env: { ...this.env, ...Object.fromEntries(variables) },
                stdin: more.stdin,
                logging: more.logging,
                command,
            },
            this.log,
            this.signal,
        );
    }

    private async connect(limit: number): Promise<void> {
        const args = [...this.options, "-o", "ControlMaster=yes", "-o", "ControlPersist=yes", "-N", "-f", this.target];
        for (let failed = 0, wait = RETRY_MS; ; wait = Math.min(wait * 2, SLOWEST_RETRY_MS)) {
            try {
                await execute({ program: "ssh", args, env: this.env, logging: "none", command: "ssh" }, this.log, this.signal);
                return;
            } catch (error) {
                failed += 1;
                const message = (error as Error).message;
                if (message.includes("ENOENT")) throw new Error("ssh is not on PATH: the lab's stand-in needs it for remote commands");
                if ((limit >= 0 && failed > limit) || this.signal.aborted) {
                    const cause = message.split("\n").slice(1).join("\n").trim() || message;
                    throw new Error(`after ${failed} failed attempts to connect to ${this.target}: ${cause}`);
                }
                this.log.status("info", `Dial ${failed}/${limit < 0 ? "inf" : limit} failed: retrying`);
                await new Promise((resolve) => setTimeout(resolve, wait));
            }
        }
    }

    private async close(): Promise<void> {
        const args = [...this.options, "-O", "exit", this.target];
        const quiet = new AbortController().signal;
        // A connection that was never made cannot be closed.
        await execute({ program: "ssh", args, env: this.env, logging: "none", command: "ssh" }, this.log, quiet).catch(() => undefined);
        rmSync(this.folder, { recursive: true, force: true });
    }
}

/** The options of every call, with keys in private files. */
export function sshOptions(connection: Connection, folder: string): string[] {
    const file = (name: string, contents: string): string => {
        const path = join(folder, name);
        writeFileSync(path, contents.endsWith("\n") ? contents : `${contents}\n`, { mode: 0o600 });
        return path;
    };
    const { host, port, privateKey, hostKey, perDialTimeout } = connection;
    const options = [`Port=${port}`, "BatchMode=yes", "LogLevel=ERROR", `ControlPath=${join(folder, "control")}`];
    if (perDialTimeout > 0) options.push(`ConnectTimeout=${perDialTimeout}`);
    if (hostKey) {
        const known = file("known_hosts", `${port === 22 ? host : `[${host}]:${port}`} ${hostKey}`);
        options.push("StrictHostKeyChecking=yes", `UserKnownHostsFile=${known}`, "GlobalKnownHostsFile=/dev/null");
    } else options.push("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null");
    if (privateKey) options.push(`IdentityFile=${file("key", privateKey)}`, "IdentitiesOnly=yes");
    return ["-F", "none", ...options.flatMap((option) => ["-o", option])];
}

/** A word for the remote shell. */
export function quoted(text: string): string {
    return `'${text.replaceAll("'", `'\\''`)}'`;
}
