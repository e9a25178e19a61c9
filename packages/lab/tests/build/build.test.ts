import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildKey } from "../../src/build/build";
import { compareGoVersions, goVersion, requiredGo } from "../../src/build/go";
import { buildFlags, MODULES, PULUMI } from "../../src/build/tools";

let dir: string;
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), "build-"))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe("Go versions", () => {
    it.each([
        ["1.26.8", [1, 26, 8]],
        ["go1.26", [1, 26, 0]],
        ["1.27rc1", [1, 27, 0]],
        ["devel", undefined],
    ])("%s", (text, parts) => {
        expect(goVersion(text)).toEqual(parts);
    });

    it("compares numbers, not text", () => {
        expect(compareGoVersions([1, 9, 0], [1, 26, 0])).toBeLessThan(0);
        expect(compareGoVersions([1, 26, 10], [1, 26, 9])).toBeGreaterThan(0);
        expect(compareGoVersions([1, 26, 0], [1, 26, 0])).toBe(0);
    });

    it("requires what the newest module asks for", async () => {
        for (const [name, version] of [
            ["a", "1.25.3"],
            ["b", "1.26.0"],
            ["c", "1.9"],
        ] as const) {
            mkdirSync(join(dir, name));
            writeFileSync(join(dir, name, "go.mod"), `module ${name}\n\ngo ${version}\n`);
        }
        mkdirSync(join(dir, "no-module"));
        expect(await requiredGo(dir)).toEqual([1, 26, 0]);
    });
});

describe("buildKey", () => {
    const module = { name: "m", packages: ["."], variables: {}, programs: { m: "m" } };
    const write = (name: string, text: string) => writeFileSync(join(dir, name), text);

    it("changes with what is built and how, and with nothing else", async () => {
        write("go.mod", "module m\n");
        write("go.sum", "");
        write("main.go", "package main\n");
        const key = await buildKey(dir, module, "1.26.8");
        expect(key).toMatch(/^m-[0-9a-f]{16}$/);
        write("README.md", "text");
        expect(await buildKey(dir, module, "1.26.8")).toBe(key);
        const others = [
            await buildKey(dir, module, "1.26.9"),
            await buildKey(dir, { ...module, variables: { "p.v": "1" } }, "1.26.8"),
            await buildKey(dir, { ...module, packages: ["./cmd"] }, "1.26.8"),
        ];
        write("main.go", "package main // changed\n");
        others.push(await buildKey(dir, module, "1.26.8"));
        write("main.go", "package main\n");
        write("go.sum", "a v1 h1:x\n");
        others.push(await buildKey(dir, module, "1.26.8"));
        expect(new Set([key, ...others]).size).toBe(6);
    });
});

describe("modules", () => {
    it("are built reproducibly and report their versions", () => {
        for (const module of [...MODULES, PULUMI]) {
            expect(buildFlags(module)).toEqual(
                expect.arrayContaining(["-trimpath", "-mod=readonly", "-buildvcs=false"]),
            );
        }
        expect(buildFlags(PULUMI).at(-1)).toBe(
            "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v3.259.0",
        );
    });

    it("give each program one home", () => {
        const names = [...MODULES, PULUMI].flatMap(({ programs }) => Object.keys(programs));
        expect(new Set(names).size).toBe(names.length);
    });
});
