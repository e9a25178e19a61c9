import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { copyToRemote } from "../../src/stand-ins/command/copy";
import { diffInputs } from "../../src/stand-ins/command/diff";
import { archiveOf, matchingFiles } from "../../src/stand-ins/command/files";
import { previousOutput } from "../../src/stand-ins/command/local";
import { previewOfUpdate, stateOf } from "../../src/stand-ins/command/outputs";
import { execute } from "../../src/stand-ins/command/process";
import { Resources } from "../../src/stand-ins/command/resources";
import { checkInputs } from "../../src/stand-ins/command/schema";
import { quoted, sshOptions, SshSession } from "../../src/stand-ins/command/ssh";
import { dialFailure } from "../../src/stand-ins/command/ssh-failure";
import { Engine, ResourceLog } from "../../src/stand-ins/rpc/engine";
import { Asset, Secret, UNKNOWN } from "../../src/stand-ins/rpc/values";

const never = new AbortController().signal;
const log = new ResourceLog(new Engine(undefined), "");

describe("inputs", () => {
    it("are checked by type, in the real plugin's words", () => {
        const { failures } = checkInputs("command:local:Command", { create: 5, nonsense: true });
        expect(failures).toEqual([
            { property: "nonsense", reason: 'unrecognized field "nonsense"' },
            {
                property: "create",
                reason: "Field 'create' on 'local.CommandInputs' must be a 'string'; got 'float64' instead",
            },
        ]);
    });

    it("may be unknown or secret", () => {
        const news = { create: UNKNOWN, stdin: new Secret("hidden"), environment: { A: UNKNOWN } };
        expect(checkInputs("command:local:Command", news)).toEqual({ inputs: news, failures: [] });
    });

    it("hide and complete a connection", () => {
        const { inputs, failures } = checkInputs("command:remote:Command", { connection: { host: "h", port: 2222 } });
        expect(failures).toEqual([]);
        const connection = { user: "root", port: 2222, dialErrorLimit: 10, perDialTimeout: 15, host: "h" };
        expect(inputs["connection"]).toEqual(new Secret(connection));
    });

    it("say what the stand-in cannot do", () => {
        const { failures } = checkInputs("command:remote:Command", { connection: { host: "h", password: "p" } });
        expect(failures[0]?.reason).toContain("password");
    });
});

describe("diff", () => {
    it("names the changed properties, and replaces when triggers come or go only", () => {
        const changes = diffInputs(
            { environment: { A: "1", B: "2" }, triggers: [1] },
            { environment: { A: "3" }, triggers: [2] },
            [],
        );
        expect(Object.fromEntries(changes)).toEqual({
            "environment.A": { kind: "update", replace: false },
            "environment.B": { kind: "delete", replace: false },
            "triggers[0]": { kind: "update", replace: false },
        });
        expect(diffInputs({}, { triggers: [1] }, []).get("triggers")).toEqual({ kind: "add", replace: true });
    });

    it("keeps what the program ignores", () => {
        expect(diffInputs({ create: "a" }, { create: "b" }, ["create"]).size).toBe(0);
    });
});

describe("outputs", () => {
    it("are secret if a whole input is, not if a part of one is", () => {
        expect(stateOf({ stdin: new Secret("x") }, { stdout: "o" })["stdout"]).toEqual(new Secret("o"));
        expect(stateOf({ environment: { A: new Secret("x") } }, { stdout: "o" })["stdout"]).toBe("o");
    });

    it("become unknown in a preview once an input changes", () => {
        const olds = { create: "a", stdout: "o" };
        expect(previewOfUpdate(olds, { create: "a" }, ["stdout"])).toEqual(olds);
        expect(previewOfUpdate(olds, { create: "b" }, ["stdout"])).toEqual({ create: "b", stdout: UNKNOWN });
    });

    it("reach the next command unless the program does not want them", () => {
        expect(previousOutput({}, { stdout: "o", stderr: "" })).toEqual({ PULUMI_COMMAND_STDOUT: "o" });
        expect(previousOutput({ addPreviousOutputInEnv: false }, { stdout: "o" })).toEqual({});
    });
});

describe("in a folder", () => {
    let folder: string;
    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "command-"));
        mkdirSync(join(folder, "sub"));
        for (const name of ["a.txt", "b.md", "sub/c.txt"]) writeFileSync(join(folder, name), name);
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    it("globs choose files, and a later one wins", () => {
        expect(matchingFiles(folder, ["*.txt"])).toEqual(["a.txt"]);
        expect(matchingFiles(folder, ["**.{txt,md}", "!sub/*"])).toEqual(["a.txt", "b.md"]);
    });

    it("an archive's hash follows its contents", () => {
        const before = archiveOf(folder, ["**"]).fields["hash"];
        expect(archiveOf(folder, ["**"]).fields["hash"]).toBe(before);
        writeFileSync(join(folder, "a.txt"), "other");
        expect(archiveOf(folder, ["**"]).fields["hash"]).not.toBe(before);
    });

    it("a process gets its input, and a failing one tells its status and all that it printed", async () => {
        const run = (script: string): ReturnType<typeof execute> =>
            execute(
                {
                    program: "/bin/sh",
                    args: ["-c", script],
                    env: process.env,
                    cwd: folder,
                    stdin: "in",
                    command: script,
                },
                log,
                never,
            );
        expect(await run("cat; ls a.txt; echo e >&2")).toEqual({ stdout: "ina.txt", stderr: "e" });
        await expect(run("echo out; exit 3")).rejects.toThrow('exit status 3: running "echo out; exit 3":\nout');
    });

    it("a command lives: creation, update without one of its own, deletion", async () => {
        const urn = "urn:pulumi:s::p::command:local:Command::c";
        const resources = new Resources(new Engine(undefined), never);
        const inputs = {
            create: "echo made $PULUMI_COMMAND_STDOUT",
            delete: "echo $PULUMI_COMMAND_STDOUT > gone",
            dir: folder,
        };
        const { id, state } = await resources.create(urn, inputs, false);
        expect(id).toMatch(/^c[0-9a-f]{8}$/);
        expect(state).toMatchObject({ stdout: "made", stderr: "" });
        const updated = await resources.update(urn, state, inputs, false);
        expect(updated["stdout"]).toBe("made made");
        await resources.delete(urn, updated);
        expect(readFileSync(join(folder, "gone"), "utf8")).toBe("made made\n");
    });

    it("a resource without a command has printed nothing", async () => {
        const urn = "urn:pulumi:s::p::command:local:Command::c";
        const { state } = await new Resources(new Engine(undefined), never).create(urn, {}, false);
        expect(state).toEqual({ stdout: "", stderr: "" });
    });

    it("SSH keys go to private files, and only the given host key is trusted", () => {
        const connection = { host: "h", user: "u", port: 2222, dialErrorLimit: 0, perDialTimeout: 1 };
        const options = sshOptions(
            { ...connection, privateKey: "KEY", hostKey: "ssh-ed25519 AAAA cp" },
            folder,
            "/agent",
        );
        expect(options).toEqual(
            expect.arrayContaining([
                "StrictHostKeyChecking=yes",
                "HostKeyAlgorithms=ssh-ed25519",
                "IdentitiesOnly=yes",
                "IdentityAgent=none",
            ]),
        );
        expect(readFileSync(join(folder, "key"), "utf8")).toBe("KEY\n");
        expect(statSync(join(folder, "key")).mode & 0o777).toBe(0o600);
        expect(readFileSync(join(folder, "known_hosts"), "utf8")).toBe("[h]:2222 ssh-ed25519 AAAA\n");
        expect(sshOptions(connection, folder, undefined)).toContain("StrictHostKeyChecking=no");
        expect(() => sshOptions({ ...connection, hostKey: "ssh-ed25519" }, folder, undefined)).toThrow(
            "failed to parse host key: ssh: no key found",
        );
    });

    it("without a key the agent's count, without an agent none, and never the user's own files", () => {
        const connection = { host: "h", user: "u", port: 22, dialErrorLimit: 0, perDialTimeout: 1 };
        const [asks, silent] = [sshOptions(connection, folder, "/agent"), sshOptions(connection, folder, undefined)];
        for (const options of [asks, silent])
            expect(options).toEqual(expect.arrayContaining(["-F", "none", "IdentityFile=none"]));
        expect(asks).not.toContain("PubkeyAuthentication=no");
        expect(silent).toContain("PubkeyAuthentication=no");
    });

    it.each([
        ["what is no key", { privateKey: "KEY" }, "ssh: no key found"],
        [
            "an agent's socket that is gone",
            { agentSocketPath: "/nonexistent/agent" },
            "dial unix /nonexistent/agent: connect: no such file or directory",
        ],
        [
            "a server that is not there",
            { dialErrorLimit: 2 },
            "after 2 failed attempts: dial tcp 127.0.0.1:1: connect: connection refused",
        ],
    ])("%s is refused in the real plugin's words", async (_, more, message) => {
        // Nobody listens on port 1.
        const connection = { host: "127.0.0.1", user: "u", port: 1, dialErrorLimit: 0, perDialTimeout: 5, ...more };
        await expect(SshSession.use(connection, log, never, () => Promise.resolve())).rejects.toThrow(
            new Error(message),
        );
    });

    it.each([
        ["Host key verification failed.", "ssh: handshake failed: ssh: host key mismatch"],
        [
            "Unable to negotiate with 10.0.0.1 port 22: no matching host key type found. Their offer: rsa-sha2-512,rsa-sha2-256",
            "ssh: handshake failed: ssh: no common algorithm for host key; we offered: [ssh-ed25519], peer offered: [rsa-sha2-512 rsa-sha2-256]",
        ],
        [
            "root@h: Permission denied (publickey).",
            "ssh: handshake failed: ssh: unable to authenticate, attempted methods [none publickey], no supported methods remain",
        ],
        ["ssh: Could not resolve hostname h: Name or service not known", "dial tcp: lookup h: no such host"],
        ["ssh: connect to host h port 22: Connection timed out", "dial tcp h:22: i/o timeout"],
        ["ssh: connect to host h port 22: No route to host", "dial tcp h:22: connect: no route to host"],
        ["kex_exchange_identification: Connection closed by remote host", "ssh: handshake failed: EOF"],
    ])("what ssh says is told in the real plugin's words: %s", (said, words) => {
        expect(dialFailure({ host: "h", port: 22, hostKey: "ssh-ed25519 AAAA" }, true, said)).toBe(words);
    });

    it("words for the remote shell survive it", async () => {
        const word = "it's $HOME; `x`";
        const args = ["-c", `printf %s ${quoted(word)}`];
        expect((await execute({ program: "/bin/sh", args, env: {}, command: "c" }, log, never)).stdout).toBe(word);
    });

    it("a text does not replace a remote folder, and a file goes into one", async () => {
        const ran: string[] = [];
        const session = {
            run: async (command: string) => {
                ran.push(command);
                return { stdout: "folder", stderr: "" };
            },
        } as unknown as SshSession;
        await expect(copyToRemote(session, new Asset({ text: "t" }), "/there")).rejects.toThrow("is a directory");
        await copyToRemote(session, new Asset({ path: join(folder, "a.txt") }), "/there");
        expect(ran.at(-1)).toContain("cat > '/there/a.txt'");
    });
});
