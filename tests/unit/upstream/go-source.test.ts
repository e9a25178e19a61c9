import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { GoModuleSource } from "../../../upstream/go-source";
import { sha256 } from "../../../upstream/lock-format";
import { EDITED, EDITED_TEXT, failureOf, lockOf, PLAIN, tempDir, TREE, writeTree } from "./fixture";

/** A stand-in for the go command: `body` is JavaScript with `answer(path, fields)` for one module's answer. */
function fakeGo(body: string): string {
    const command = join(tempDir(), "go");
    const answer =
        "const answer = (path, fields) =>" +
        " console.log(JSON.stringify({ Path: path, Version: 'v1.0.0', ...fields }, undefined, '\\t'));";
    writeFileSync(command, `#!${process.execPath}\nconst fs = require("node:fs");\n${answer}\n${body}\n`);
    chmodSync(command, 0o755);
    return command;
}

/** A go command that has both modules of the tree. */
function goWith(tree: Readonly<Record<string, string>>) {
    const dir = tempDir();
    writeTree(dir, tree);
    const log = join(dir, "log.json");
    const goCommand = fakeGo(`
        const seen = { args: process.argv.slice(2), cwd: process.cwd(), sums: fs.readFileSync("go.sum", "utf8") };
        fs.writeFileSync(${JSON.stringify(log)}, JSON.stringify(seen));
        const sums = { Sum: "h1:zip=", GoModSum: "h1:mod=" };
        answer("example.test/istio", { Dir: ${JSON.stringify(join(dir, "istio-1.25.1"))}, ...sums });
        answer("example.test/gateway-api", { Dir: ${JSON.stringify(join(dir, "gateway-api-v1.2.1"))}, ...sums });`);
    return { goCommand, log };
}

const read = (path: string, goCommand: string, timeoutMs?: number) =>
    new GoModuleSource(lockOf(), { goCommand, timeoutMs }).read(path, lockOf().files[path]!);

describe("GoModuleSource", { timeout: 30_000 }, () => {
    it("reads a file and gives it the release's edits", async () => {
        const { goCommand } = goWith(TREE);
        expect((await read(PLAIN, goCommand)).toString()).toBe(TREE[PLAIN]);
        expect((await read(EDITED, goCommand)).toString()).toBe(EDITED_TEXT);
    });

    it("downloads both modules in one run, in a module of its own that holds the lock's hashes", async () => {
        const { goCommand, log } = goWith(TREE);
        await read(PLAIN, goCommand);
        const { args, cwd, sums } = JSON.parse(readFileSync(log, "utf8")) as {
            args: string[];
            cwd: string;
            sums: string;
        };
        expect(args).toEqual([
            "mod",
            "download",
            "-json",
            "example.test/istio@v1.0.0",
            "example.test/gateway-api@v1.0.0",
        ]);
        expect(sums.split("\n")).toEqual([
            "example.test/istio v1.0.0 h1:zip=",
            "example.test/istio v1.0.0/go.mod h1:mod=",
            "example.test/gateway-api v1.0.0 h1:zip=",
            "example.test/gateway-api v1.0.0/go.mod h1:mod=",
            "",
        ]);
        expect(existsSync(cwd)).toBe(false);
    });

    it("refuses a file with another checksum", async () => {
        const { goCommand } = goWith({ ...TREE, [PLAIN]: "changed\n" });
        const message = await failureOf(read(PLAIN, goCommand));
        expect(message).toContain(`has the wrong checksum (SHA-256 ${sha256(Buffer.from("changed\n"))}`);
        expect(message).toContain("go clean -modcache");
    });

    it("names a file that the module lacks", async () => {
        const { goCommand } = goWith({ [EDITED]: TREE[EDITED]! });
        expect(await failureOf(read(PLAIN, goCommand))).toContain(
            "Go module example.test/istio@v1.0.0 has no readable file samples/addons/kiali.yaml (ENOENT",
        );
    });

    it("repeats why go could not download a module", async () => {
        const goCommand = fakeGo(
            'answer("example.test/istio", { Error: "checksum mismatch\\n\\tdownloaded: h1:other=" });' +
                "process.exitCode = 1;",
        );
        expect(await failureOf(read(PLAIN, goCommand))).toBe(
            "UserError: The go command could not download example.test/istio@v1.0.0 " +
                "(checksum mismatch downloaded: h1:other=): " +
                'check GOPROXY and the network, or take the files from upstream ("--from upstream").',
        );
    });

    it("repeats what go says when it fails without an answer", async () => {
        const goCommand = fakeGo('console.error("first\\ngo: no such thing"); process.exitCode = 2;');
        expect(await failureOf(read(PLAIN, goCommand))).toContain(
            "Go modules cannot be downloaded, because go: no such thing: install Go 1.21 or newer",
        );
    });

    it("says that there is no go command", async () => {
        const goCommand = join(tempDir(), "go");
        expect(await failureOf(read(PLAIN, goCommand))).toContain(
            `because there is no command "${goCommand}": install Go`,
        );
    });

    it("has a time limit", async () => {
        const goCommand = fakeGo("setInterval(() => {}, 1000);");
        expect(await failureOf(read(PLAIN, goCommand, 300))).toContain("because it took longer than 0.3 s:");
    });
});
