import { spawn } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import ssh2, { type Server } from "ssh2";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { CommandInputs, Connection } from "../../src/stand-ins/command/inputs";
import { dialFailure, runRemote } from "../../src/stand-ins/command/remote";

const [hostKey, userKey, otherKey] = [1, 2, 3].map(() => ssh2.utils.generateKeyPairSync("ed25519"));
const never = new AbortController().signal;
let server: Server;
let connection: Connection;
/** Which users have logged in. */
const logins: string[] = [];

/** A server that runs commands with sh, for the user with the key. */
beforeAll(async () => {
    const known = ssh2.utils.parseKey(userKey!.public);
    if (known instanceof Error) throw known;
    server = new ssh2.Server({ hostKeys: [hostKey!.private] }, (client) => {
        client.on("authentication", (context) => {
            if (context.method !== "publickey" || !context.key.data.equals(known.getPublicSSH())) {
                return context.reject(["publickey"]);
            }
            if (context.signature) logins.push(context.username);
            context.accept();
        });
        client.on("session", (accept) => {
            const env: Record<string, string> = {};
            accept()
                .on("env", (_accept, _reject, { key, val }) => void (env[key] = val))
                .on("exec", (acceptExec, _, { command }) => {
                    const channel = acceptExec();
                    const child = spawn("/bin/sh", ["-c", command], { env: { ...process.env, ...env } });
                    channel.pipe(child.stdin);
                    child.stdout.pipe(channel, { end: false });
                    child.stderr.pipe(channel.stderr, { end: false });
                    child.on("close", (code) => {
                        channel.exit(code ?? 1);
                        channel.end();
                    });
                });
        });
        client.on("error", () => undefined);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    connection = {
        host: "127.0.0.1",
        port: (server.address() as AddressInfo).port,
        user: "operator",
        privateKey: userKey!.private,
        hostKey: hostKey!.public,
        dialErrorLimit: 0,
        perDialTimeout: 15,
    };
    vi.stubEnv("SSH_AUTH_SOCK", "");
});
afterAll(() => {
    vi.unstubAllEnvs();
    server.close();
});
beforeEach(() => void logins.splice(0));

const lines: string[] = [];
const run = (command: string, other: Partial<Connection> = {}, inputs: CommandInputs = {}) =>
    runRemote(
        command,
        { connection: { ...connection, ...other }, ...inputs },
        { B: "2" },
        (line) => lines.push(line),
        never,
    );

describe("a remote command", () => {
    it("gets its input and variables, and tells what it printed", async () => {
        const inputs: CommandInputs = { stdin: "in ", environment: { A: "1" }, logging: "stderr" };
        lines.splice(0);
        expect(await run("cat; echo $A $B; echo e >&2", {}, inputs)).toEqual({ stdout: "in 1 2", stderr: "e" });
        expect([logins, lines]).toEqual([["operator"], ["e"]]);
    });

    it("that fails tells its status and all that it printed", async () => {
        await expect(run("echo out; exit 3")).rejects.toThrow(
            new Error('Process exited with status 3: running "echo out; exit 3":\nout\n'),
        );
    });

    it("ends when the run is cancelled", async () => {
        const cancelled = new AbortController();
        const running = runRemote("echo up; sleep 60", { connection }, {}, () => cancelled.abort(), cancelled.signal);
        await expect(running).rejects.toThrow(/^the connection was lost: running "echo up; sleep 60":\nup/);
    });
});

describe("a connection", () => {
    const refused = (other: Partial<Connection>) => run("true", other).then(String, (error: Error) => error.message);

    it("is made to a server with the configured host key only", async () => {
        expect(await refused({ hostKey: otherKey!.public })).toBe(
            "after 0 failed attempts: ssh: handshake failed: ssh: host key mismatch",
        );
        expect(await refused({ hostKey: "ecdsa-sha2-nistp256 AAAA" })).toMatch(/failed to parse host key/);
        const otherType = ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256 }).public;
        expect(await refused({ hostKey: otherType })).toMatch(/no common algorithm for host key$/);
        expect(logins).toEqual([]);
    });

    it("is made with the given key only", async () => {
        const words = "ssh: handshake failed: ssh: unable to authenticate, attempted methods";
        expect(await refused({ privateKey: otherKey!.private })).toContain(`${words} [none publickey]`);
        expect(await refused({ privateKey: undefined })).toContain(`${words} [none]`);
        expect(await refused({ privateKey: "KEY" })).toMatch(/^the private key cannot be read: /);
        expect(await refused({ privateKey: undefined, agentSocketPath: "/nonexistent/agent" })).toMatch(
            /the SSH agent at \/nonexistent\/agent does not answer: /,
        );
    });

    it("is tried again as often as it may fail", async () => {
        lines.splice(0);
        // Nobody listens on port 1.
        expect(await refused({ port: 1, dialErrorLimit: 2 })).toBe(
            "after 2 failed attempts: dial tcp 127.0.0.1:1: connect: connection refused",
        );
        expect(lines).toEqual(["Dial 1/2 failed: retrying", "Dial 2/2 failed: retrying"]);
    });

    it.each([
        [{ syscall: "getaddrinfo", code: "ENOTFOUND" }, "dial tcp: lookup h: no such host"],
        [{ level: "client-timeout" }, "dial tcp h:22: i/o timeout"],
        [{ level: "client-socket", errno: -104 }, "dial tcp h:22: connect: connection reset by peer"],
        [{}, "ssh: handshake failed: what ssh2 says"],
    ])("that fails with %j is told in the official plugin's words", (fields, words) => {
        const error = Object.assign(new Error("what ssh2 says"), fields);
        expect(dialFailure({ ...connection, host: "h", port: 22 }, error)).toBe(words);
    });
});
