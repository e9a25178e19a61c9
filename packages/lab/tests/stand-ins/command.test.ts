import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { specialSecretSig, specialSigKey, unknownValue } from "@pulumi/pulumi/runtime/rpc";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Properties } from "../../src/stand-ins/command/inputs";
import { CommandProvider } from "../../src/stand-ins/command/provider";

const LOCAL = "urn:pulumi:s::p::parent:index:Parent$command:local:Command::c";
const REMOTE = "urn:pulumi:s::p::command:remote:Command::c";
const secret = (value: unknown) => ({ [specialSigKey]: specialSecretSig, value });

let lines: string[];
let provider: CommandProvider;
beforeEach(() => {
    lines = [];
    provider = new CommandProvider((urn, line) => lines.push(`${urn.split("::").at(-1)}: ${line}`));
});

describe("inputs", () => {
    it("are taken as they are, secret and unknown ones too", async () => {
        const inputs = { create: unknownValue, stdin: secret("hidden"), environment: { A: unknownValue } };
        expect(await provider.check(LOCAL, {}, inputs)).toEqual({ inputs, failures: [] });
    });

    it("are refused where the stand-in would do something else with them", async () => {
        const reasons = async (urn: string, inputs: Properties) =>
            (await provider.check(urn, {}, inputs)).failures?.map(({ property, reason }) => `${property}: ${reason}`);
        expect(await reasons(LOCAL, { create: "true", assetPaths: ["*"] })).toEqual([
            `assetPaths: the lab's stand-in for the Command plugin does not know "assetPaths"`,
        ]);
        expect(await reasons(REMOTE, { connection: secret({ host: "h", proxy: { host: "p" } }) })).toEqual([
            "connection.proxy: the lab's stand-in connects to hosts directly only",
        ]);
        expect(await reasons("urn:pulumi:s::p::command:remote:CopyToRemote::c", {})).toEqual([
            expect.stringContaining("knows command:local:Command and command:remote:Command only"),
        ]);
    });
});

describe("diff", () => {
    const state = { create: "a", triggers: [1], stdin: secret("s"), stdout: "o", stderr: "" };

    it("is none where only what was printed differs, or whether an input is secret", async () => {
        expect(await provider.diff("id", LOCAL, state, { create: "a", triggers: [1], stdin: "s" })).toEqual({
            changes: false,
            replaces: [],
        });
    });

    it.each<[string, Properties, string[]]>([
        ["updates where an input changes", { ...state, create: "b" }, []],
        ["updates where an input goes", { create: "a", triggers: [1] }, []],
        ["updates where an input is not known yet", { ...state, stdin: unknownValue }, []],
        ["replaces where triggers change", { ...state, triggers: [2] }, ["triggers"]],
    ])("%s", async (_, inputs, replaces) => {
        expect(await provider.diff("id", LOCAL, state, inputs)).toEqual({ changes: true, replaces });
    });
});

describe("a local command", () => {
    let folder: string;
    beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "command-"))));
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    it("lives: creation, an update without a command of its own, deletion, each told what was printed", async () => {
        const inputs = {
            create: "echo made $PULUMI_COMMAND_STDOUT",
            delete: "echo $PULUMI_COMMAND_STDOUT > gone",
            dir: folder,
        };
        const { id, outs } = (await provider.create(LOCAL, inputs)) as { id: string; outs: Properties };
        expect(id).toMatch(/^c[0-9a-f]{8}$/);
        expect(outs).toEqual({ ...inputs, stdout: "made", stderr: "" });
        const updated = await provider.update(id, LOCAL, outs, inputs);
        expect(updated.outs).toMatchObject({ stdout: "made made" });
        await provider.delete(id, LOCAL, updated.outs as Properties);
        expect(readFileSync(join(folder, "gone"), "utf8")).toBe("made made\n");
    });

    it("does not hand on what was printed where the program does not want it", async () => {
        const inputs = { create: "echo [$PULUMI_COMMAND_STDOUT]", addPreviousOutputInEnv: false };
        expect((await provider.update("id", LOCAL, { stdout: "old" }, inputs)).outs).toMatchObject({ stdout: "[]" });
    });

    it("has printed nothing where there is none, and keeps what it printed", async () => {
        expect((await provider.create(LOCAL, {})).outs).toEqual({ stdout: "", stderr: "" });
        expect((await provider.update("id", LOCAL, { stdout: "old", stderr: "e" }, {})).outs).toEqual({
            stdout: "old",
            stderr: "e",
        });
    });

    it("gets directory, input, environment and interpreter", async () => {
        const create = "const { readFileSync } = require('fs'); console.log(readFileSync(0, 'utf8') + process.env.A)";
        const inputs = {
            create: `${create}; console.error(process.cwd())`,
            interpreter: [process.execPath, "-e"],
            environment: { A: secret("1") },
            stdin: "in ",
            dir: folder,
        };
        expect((await provider.create(LOCAL, inputs)).outs).toMatchObject({ stdout: "in 1", stderr: folder });
    });

    it("prints a secret if a whole input is one, not if a part of one is", async () => {
        const printed = async (inputs: Properties) =>
            ((await provider.create(LOCAL, inputs)).outs as Properties)["stdout"];
        expect(await printed({ create: "cat", stdin: secret("x") })).toEqual(secret("x"));
        expect(await printed({ create: "echo $A", environment: { A: secret("x") } })).toBe("x");
    });

    it("that fails tells its status and all that it printed", async () => {
        const create = "echo out; echo err >&2; exit 3";
        await expect(provider.create(LOCAL, { create })).rejects.toThrow(/^exit status 3: running "echo out; /);
        await expect(provider.create(LOCAL, { create })).rejects.toThrow(/out\n/);
        await expect(provider.create(LOCAL, { create: "kill -9 $$" })).rejects.toThrow(/^signal: SIGKILL: running/);
        await expect(provider.create(LOCAL, { create: "x", interpreter: ["absent-program"] })).rejects.toThrow(
            /ENOENT/,
        );
    });

    it.each([
        [undefined, ["c: out", "c: err"]],
        ["stderr", ["c: err"]],
        ["none", []],
    ])("shows its output line by line with logging %s", async (logging, shown) => {
        await provider.create(LOCAL, { create: "echo out; echo err >&2", ...(logging && { logging }) });
        expect(lines.sort().reverse()).toEqual(shown);
    });

    it("ends when the run is cancelled", async () => {
        const created = provider.create(LOCAL, { create: "exec sleep 60" });
        await provider.cancel();
        await expect(created).rejects.toThrow(/sleep 60/);
    });
});
