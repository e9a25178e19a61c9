/** Connections by the system's ssh programs. What goes wrong is told as the real plugin's library tells it. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ResourceLog } from "../rpc/engine";
import { execute, type Printed } from "./process";
import { dialFailure } from "./ssh-failure";

export interface Connection {
    host: string;
    user: string;
    port: number;
    privateKey?: string;
    agentSocketPath?: string;
    /** the server's public key; without it any server is trusted */
    hostKey?: string;
    /** attempts to allow after the first; -1: any number */
    dialErrorLimit: number;
    /** seconds for each attempt */
    perDialTimeout: number;
}

/** The real plugin's pauses between attempts, in milliseconds. */
const RETRY = { first: 100, factor: 1.5, longest: 5000 };
/** What the master connection prints once it is made; nothing of the server's is on its standard output. */
const CONNECTED = "connected";

/** One connection that several commands share. */
export class SshSession {
    private master: ChildProcess | undefined;

    private constructor(
        private readonly options: string[],
        private readonly connection: Connection,
        private readonly env: NodeJS.ProcessEnv,
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
        const agent = connection.agentSocketPath ?? process.env["SSH_AUTH_SOCK"];
        const env = { ...process.env, SSH_AUTH_SOCK: agent ?? "" };
        let session: SshSession | undefined;
        try {
            session = new SshSession(sshOptions(connection, folder, agent), connection, env, log, signal);
            if (connection.privateKey) await checkKey(join(folder, "key"));
            if (agent) await checkAgent(agent);
            await session.connect();
            return await work(session);
        } finally {
            session?.master?.kill();
            rmSync(folder, { recursive: true, force: true });
        }
    }

    /** Runs a command with the remote user's shell; variables reach it if the server accepts them (AcceptEnv). */
    run(
        command: string,
        more: {
            stdin?: string | Buffer | undefined;
            logging?: string | undefined;
            environment?: Record<string, string>;
        } = {},
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
                status: "Process exited with status",
            },
            this.log,
            this.signal,
        );
    }

    private get target(): string {
        return `${this.connection.user}@${this.connection.host}`;
    }

    private async connect(): Promise<void> {
        const { dialErrorLimit: limit } = this.connection;
        for (let tries = 0, wait = RETRY.first; ; tries += 1, wait = Math.min(wait * RETRY.factor, RETRY.longest)) {
            const failure = await this.dial();
            if (failure === undefined) return;
            if (this.signal.aborted) throw new Error("context canceled");
            if (limit >= 0 && tries + 1 > limit) throw new Error(`after ${tries} failed attempts: ${failure}`);
            this.log.status("info", `Dial ${tries + 1}/${limit < 0 ? "inf" : limit} failed: retrying`);
            await sleep(wait);
        }
    }

    /** Makes the connection that all commands use. @returns why it cannot be made */
    private dial(): Promise<string | undefined> {
        // The first value of an option counts. A failed negotiation is told at this level only.
        const hello = [
            "LogLevel=INFO",
            "PermitLocalCommand=yes",
            `LocalCommand=echo ${CONNECTED}`,
            "ControlMaster=yes",
            "ControlPersist=no",
        ];
        const args = [...hello.flatMap((option) => ["-o", option]), ...this.options, "-N", this.target];
        return new Promise((resolve, reject) => {
            const child = spawn("ssh", args, { env: this.env, signal: this.signal, stdio: ["ignore", "pipe", "pipe"] });
            let [printed, said] = ["", ""];
            child.stderr.setEncoding("utf8").on("data", (chunk: string) => (said += chunk));
            child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
                printed += chunk;
                if (!printed.includes(`${CONNECTED}\n`)) return;
                this.master = child;
                resolve(undefined);
            });
            child.once("error", (error: NodeJS.ErrnoException) => {
                if (error.code === "ENOENT")
                    reject(
                        new Error(
                            "ssh is not on PATH: the lab's stand-in needs it for remote commands (Debian: openssh-client)",
                        ),
                    );
                else resolve(error.message);
            });
            child.once("close", () =>
                resolve(
                    dialFailure(
                        this.connection,
                        Boolean(this.connection.privateKey || this.env["SSH_AUTH_SOCK"]),
                        said,
                    ),
                ),
            );
        });
    }
}

/** The options of every call, with keys in private files. Only what is named counts: no file of the user's, no other key. */
export function sshOptions(connection: Connection, folder: string, agent: string | undefined): string[] {
    const file = (name: string, contents: string): string => {
        const path = join(folder, name);
        writeFileSync(path, contents.endsWith("\n") ? contents : `${contents}\n`, { mode: 0o600 });
        return path;
    };
    const { host, port, privateKey, hostKey, perDialTimeout } = connection;
    const options = [
        `Port=${port}`,
        "BatchMode=yes",
        "LogLevel=ERROR",
        `ControlPath=${join(folder, "control")}`,
        "GlobalKnownHostsFile=/dev/null",
    ];
    if (perDialTimeout > 0) options.push(`ConnectTimeout=${perDialTimeout}`);
    if (hostKey) {
        const [type, key] = hostKey.trim().split(/\s+/);
        if (!key || !/^[A-Za-z0-9+/]+=*$/.test(key)) throw new Error("failed to parse host key: ssh: no key found");
        const known = file("known_hosts", `${port === 22 ? host : `[${host}]:${port}`} ${type} ${key}`);
        options.push("StrictHostKeyChecking=yes", `UserKnownHostsFile=${known}`, `HostKeyAlgorithms=${type}`);
    } else options.push("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null");
    // A method is tried once: with a key, the agent's are not.
    if (privateKey) options.push(`IdentityFile=${file("key", privateKey)}`, "IdentitiesOnly=yes", "IdentityAgent=none");
    else options.push("IdentityFile=none", ...(agent ? [] : ["PubkeyAuthentication=no"]));
    return ["-F", "none", ...options.flatMap((option) => ["-o", option])];
}

/** @throws Error where the file holds no key, or one with a password */
async function checkKey(file: string): Promise<void> {
    const quiet = { status: () => undefined } as unknown as ResourceLog;
    const args = ["-y", "-P", "", "-f", file];
    await execute(
        { program: "ssh-keygen", args, env: process.env, logging: "none", command: "ssh-keygen" },
        quiet,
        new AbortController().signal,
    ).catch((error: Error) => {
        throw new Error(
            /passphrase/.test(error.message) ? "ssh: this private key is passphrase protected" : "ssh: no key found",
        );
    });
}

/** A socket that is named must answer, also where a key is given. */
function checkAgent(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
        const socket = connect(path, () => {
            socket.destroy();
            resolve();
        });
        socket.once("error", (error: NodeJS.ErrnoException) => {
            const why: Record<string, string> = {
                ENOENT: "no such file or directory",
                ECONNREFUSED: "connection refused",
                EACCES: "permission denied",
            };
            reject(new Error(`dial unix ${path}: connect: ${why[error.code ?? ""] ?? error.message}`));
        });
    });
}

/** A word for the remote shell. */
export function quoted(text: string): string {
    return `'${text.replaceAll("'", `'\\''`)}'`;
}
