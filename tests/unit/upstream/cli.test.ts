import { spawnSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempDir } from "./fixture";

const ROOT = join(__dirname, "../../..");

/** Runs the command in the repository, called from `cwd`, as npm does. */
function bundle(args: string[], cwd = ROOT) {
    const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", "upstream/cli.ts", ...args], {
        cwd: ROOT,
        env: { ...process.env, INIT_CWD: cwd },
        encoding: "utf8",
    });
    return { status, stdout, stderr };
}

describe("npm run bundle", { timeout: 60_000 }, () => {
    it("explains itself", () => {
        const { status, stdout } = bundle(["--help"]);
        expect(status).toBe(0);
        expect(stdout).toMatch(/^Usage: npm run bundle -- \[options\] <dir>\n[^]*--from <source>/);
    });

    it.each([
        [[], "error: missing required argument 'dir'\n"],
        [["a", "b"], "error: too many arguments. Expected 1 argument but got 2.\n"],
        [
            ["a", "--from", "ftp"],
            "error: option '--from <source>' argument 'ftp' is invalid. Allowed choices are upstream, go, auto.\n",
        ],
        [["a", "--form", "go"], "error: unknown option '--form'\n(Did you mean --from?)\n"],
    ])("refuses %j with its usage", (args, sentence) => {
        const { status, stderr } = bundle(args);
        expect(status).toBe(2);
        expect(stderr).toContain(sentence);
        expect(stderr).toContain("Usage: npm run bundle");
    });

    it("takes the directory relative to the caller's and reports a failure in one line", () => {
        const parent = tempDir();
        writeFileSync(join(parent, "mine.txt"), "mine");
        const { status, stdout, stderr } = bundle(["."], parent);
        expect(stderr).toBe(
            `${parent} is not empty and holds no bundle (it has no MANIFEST.json): name a new or empty directory.\n`,
        );
        expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    });

    it("names the go command that is missing, and leaves nothing", () => {
        const parent = tempDir();
        const { status, stderr } = bundle(["b", "--from", "go", "--go", "/nonexistent/go"], parent);
        expect(stderr).toMatch(
            /^Go modules cannot be downloaded, because there is no command "\/nonexistent\/go": .+\n$/,
        );
        expect(status).toBe(1);
        expect(readdirSync(parent)).toEqual([]);
    });
});
