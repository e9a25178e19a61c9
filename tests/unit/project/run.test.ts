import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";

const ROOT = join(__dirname, "../../..");

/** A project of two packages, of which these are installed, and an npm that only says how it was called. */
function project(installed: readonly string[]) {
    const dir = mkdtempSync(join(tmpdir(), "istio-on-pulumi-run-"));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    const locked = { "node_modules/a": { version: "1" }, "node_modules/b": { version: "1", dev: true } };
    const file = (path: string, text: string) => {
        mkdirSync(dirname(join(dir, path)), { recursive: true });
        writeFileSync(join(dir, path), text);
    };
    file("package-lock.json", JSON.stringify({ packages: { "": {}, ...locked } }));
    const record = Object.entries(locked).filter(([path]) => installed.some((name) => path.endsWith(`/${name}`)));
    file("node_modules/.package-lock.json", JSON.stringify({ packages: Object.fromEntries(record) }));
    file("bin/npm", "#!/bin/sh\necho npm $* >&2\n");
    chmodSync(join(dir, "bin/npm"), 0o755);
    for (const name of ["upstream", "scripts"]) file(`${name}/program.ts`, "console.log(process.argv[2]);\n");
    copyFileSync(join(ROOT, "scripts/run.mjs"), join(dir, "scripts/run.mjs"));
    symlinkSync(join(ROOT, "node_modules/tsx"), join(dir, "node_modules/tsx"));
    return (...args: string[]) => {
        const env = { ...process.env, PATH: `${join(dir, "bin")}:${process.env.PATH}` };
        const run = [join(dir, "scripts/run.mjs"), ...args];
        const { stdout, stderr } = spawnSync(process.execPath, run, { env, encoding: "utf8" });
        return { stdout, installs: stderr.includes("npm ci ") };
    };
}

describe("scripts/run.mjs", () => {
    it("runs the programs that serve a stack with what npm ci --omit=dev has left", () => {
        expect(project(["a"])("upstream/program.ts", "x")).toEqual({ stdout: "x\n", installs: false });
    });

    it("installs what is missing for development", () => {
        expect(project(["a"])("scripts/program.ts", "x")).toEqual({ stdout: "x\n", installs: true });
        expect(project(["a"])("--packages")).toEqual({ stdout: "", installs: true });
        expect(project(["a", "b"])("--packages")).toEqual({ stdout: "", installs: false });
    });

    it("installs what every program needs", () => {
        expect(project([])("upstream/program.ts", "x").installs).toBe(true);
    });
});
