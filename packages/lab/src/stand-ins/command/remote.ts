import { once } from "node:events";
import { getSystemErrorMap } from "node:util";
import pRetry from "p-retry";
import { Client, type ClientChannel, type ClientErrorExtensions, type ServerHostKeyAlgorithm, utils } from "ssh2";
import type { CommandInputs, Connection } from "./inputs";
import { Output, type Printed } from "./output";

/** The official plugin's pauses between attempts to connect, in milliseconds. */
const PAUSES = { minTimeout: 100, factor: 1.5, maxTimeout: 5000 };

/**
 * Runs a command with the shell of a user on another machine.
 * @param environment variables beside those of the inputs; the server must accept them (AcceptEnv).
 * @throws Error where the server cannot be reached or refuses, or with the exit status and all that was printed.
 */
export async function runRemote(
    command: string,
    { connection, environment: own, stdin, logging }: CommandInputs,
    environment: Readonly<Record<string, string>>,
    show: (line: string) => void,
    signal: AbortSignal,
): Promise<Printed> {
    if (!connection) throw new Error("a remote command needs a connection");
    const client = await connect(connection, show, signal);
    const cancel = () => client.destroy();
    signal.addEventListener("abort", cancel);
    try {
        return await execute(client, command, { env: { ...own, ...environment }, stdin, logging, show });
    } finally {
        signal.removeEventListener("abort", cancel);
        client.end();
    }
}

/** Connects, as often as the connection's limit of failures allows. */
async function connect(connection: Connection, show: (line: string) => void, signal: AbortSignal): Promise<Client> {
    const { privateKey, privateKeyPassword, hostKey, dialErrorLimit: limit } = connection;
    const key = privateKey === undefined ? undefined : utils.parseKey(privateKey, privateKeyPassword);
    if (key instanceof Error) throw new Error(`the private key cannot be read: ${key.message}`);
    if (hostKey !== undefined && utils.parseKey(hostKey) instanceof Error) {
        throw new Error("failed to parse host key: ssh: no key found");
    }
    const retries = limit < 0 ? Number.POSITIVE_INFINITY : limit;
    return pRetry(() => dial(connection), {
        ...PAUSES,
        retries,
        signal,
        onFailedAttempt: ({ attemptNumber, retriesLeft }) => {
            if (retriesLeft > 0) show(`Dial ${attemptNumber}/${limit < 0 ? "inf" : limit} failed: retrying`);
        },
    }).catch((error: Error) => {
        throw signal.aborted ? error : new Error(`after ${limit} failed attempts: ${error.message}`);
    });
}

function dial(connection: Connection): Promise<Client> {
    const { host, port, user, password, privateKey, privateKeyPassword, hostKey, perDialTimeout } = connection;
    const agent = connection.agentSocketPath ?? process.env["SSH_AUTH_SOCK"];
    const [hostKeyType, trusted] = hostKey?.trim().split(/\s+/) ?? [];
    const client = new Client();
    return new Promise((resolve, reject) => {
        client.once("ready", () => resolve(client));
        // Stays: what goes wrong later ends the command's channel, and must not end the process.
        client.on("error", (error) => {
            client.destroy();
            reject(new Error(dialFailure(connection, error)));
        });
        client.connect({
            host,
            port,
            username: user,
            readyTimeout: perDialTimeout * 1000,
            password,
            // With a key, the agent's are not tried.
            ...(privateKey === undefined ? { agent } : { privateKey, passphrase: privateKeyPassword }),
            ...(trusted !== undefined && {
                algorithms: { serverHostKey: [hostKeyType as ServerHostKeyAlgorithm] },
                hostVerifier: (key: Buffer) => key.toString("base64") === trusted,
            }),
        });
    });
}

/** Why a connection cannot be made, in the words of the official plugin, which is written in Go. */
export function dialFailure(
    { host, port, privateKey, agentSocketPath = process.env["SSH_AUTH_SOCK"] }: Connection,
    error: Error & ClientErrorExtensions & Pick<NodeJS.ErrnoException, "code" | "errno" | "syscall">,
): string {
    const { level, code, errno, syscall, message } = error;
    const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    if (syscall === "getaddrinfo")
        return `dial tcp: lookup ${host}: ${code === "ENOTFOUND" ? "no such host" : message}`;
    if (level === "client-timeout" || code === "ETIMEDOUT") return `dial tcp ${address}: i/o timeout`;
    if (level === "client-socket") {
        return `dial tcp ${address}: connect: ${getSystemErrorMap().get(errno ?? 0)?.[1] ?? message}`;
    }
    if (level === "agent") return `the SSH agent at ${agentSocketPath} does not answer: ${message}`;
    if (level === "client-authentication") {
        const tried = privateKey || agentSocketPath ? "none publickey" : "none";
        const why = `unable to authenticate, attempted methods [${tried}], no supported methods remain`;
        return `ssh: handshake failed: ssh: ${why}`;
    }
    if (/Host denied/.test(message)) return "ssh: handshake failed: ssh: host key mismatch";
    if (/no matching host key format/.test(message)) {
        return "ssh: handshake failed: ssh: no common algorithm for host key";
    }
    return `ssh: handshake failed: ${message}`;
}

async function execute(
    client: Client,
    command: string,
    {
        env,
        stdin,
        logging,
        show,
    }: Pick<CommandInputs, "stdin" | "logging"> & {
        env: Record<string, string>;
        show: (line: string) => void;
    },
): Promise<Printed> {
    const channel = await new Promise<ClientChannel>((resolve, reject) => {
        client.exec(command, { env }, (error, opened) => (error ? reject(error) : resolve(opened)));
    });
    const output = new Output({ stdout: channel, stderr: channel.stderr }, logging, show);
    channel.end(stdin ?? "");
    const [code, signal] = (await once(channel, "close")) as [code?: number | null, signal?: string];
    if (code === 0) return output.result;
    const killed = signal ? `Process exited with signal ${signal}` : "the connection was lost";
    throw output.failure(typeof code === "number" ? `Process exited with status ${code}` : killed, command);
}
