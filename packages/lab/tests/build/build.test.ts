import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ISTIO_VERSIONS, istioRelease } from "@istio-on-pulumi/kube";
import { istioBuildOf } from "../../src/build";
import { buildKey } from "../../src/build/build";
import { compareGoVersions, goVersion, requiredGo } from "../../src/build/go";
import { buildFlags, CLUSTER, ENGINE, KUBERNETES_PLUGIN, type ToolBuild, YAML_HOST } from "../../src/build/tools";
import { wholeDirectory } from "../../src/build/whole";
import { labPlace } from "../../src/place";

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
    const build: ToolBuild = {
        name: "b",
        module: "m",
        packages: ["."],
        variables: (versionOf) => ({ "p.version": versionOf("example.org/p") }),
        programs: { m: "m" },
    };
    const write = (name: string, text: string) => {
        mkdirSync(dirname(join(dir, name)), { recursive: true });
        writeFileSync(join(dir, name), text);
    };
    const GO_MOD = "module m\n\nrequire example.org/p v1.2.3\n";

    it("changes with what is built and how, and with nothing else", async () => {
        write("go.mod", GO_MOD);
        write("go.sum", "");
        write("cmd/m/main.go", "package main\n");
        const key = await buildKey(dir, build, "1.26.8");
        expect(key).toMatch(/^b-[0-9a-f]{16}$/);
        write("README.md", "text");
        expect(await buildKey(dir, build, "1.26.8")).toBe(key);
        const others = [
            await buildKey(dir, build, "1.26.9"),
            await buildKey(dir, { ...build, variables: () => ({ "p.version": "v1.2.4" }) }, "1.26.8"),
            await buildKey(dir, { ...build, packages: ["./cmd"] }, "1.26.8"),
        ];
        write("cmd/m/main.go", "package main // changed\n");
        others.push(await buildKey(dir, build, "1.26.8"));
        write("cmd/m/main.go", "package main\n");
        write("go.sum", "a v1 h1:x\n");
        others.push(await buildKey(dir, build, "1.26.8"));
        expect(new Set([key, ...others]).size).toBe(6);
    });

    it("needs a go.mod that requires what the programs report", async () => {
        write("go.mod", "module m\n\nreplace example.org/p => example.org/q v1.0.0\n");
        await expect(buildKey(dir, build, "1.26.8")).rejects.toThrow("go.mod does not require example.org/p");
    });
});

describe("builds", () => {
    it("are reproducible and report the versions of their modules", () => {
        const flags = (build: ToolBuild) =>
            buildFlags(build, (module) => (module.startsWith("k8s.io") ? "v1.33.13" : "v3.4.5"));
        for (const build of [CLUSTER, KUBERNETES_PLUGIN, ENGINE, YAML_HOST])
            expect(flags(build)).toEqual(expect.arrayContaining(["-trimpath", "-mod=readonly", "-buildvcs=false"]));
        expect(flags(ENGINE).at(-1)).toBe("-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v3.4.5");
        const kubernetes = "-X k8s.io/component-base/version";
        expect(flags(CLUSTER).at(-1)).toContain(
            `${kubernetes}.gitVersion=v1.33.13 ${kubernetes}.gitMajor=1 ${kubernetes}.gitMinor=33 `,
        );
        expect(flags(CLUSTER).at(-1)).toContain("version.buildGitRevision=be4b14ad8be8");
    });

    it("of another Istio report its version, and are built with its module", async () => {
        for (const version of ISTIO_VERSIONS) {
            const build = await istioBuildOf(labPlace({}).repository, version);
            const { module } = istioRelease(version);
            const flags = buildFlags(build, () => "v1");
            expect(build.other).toMatchObject({ module: "istio.io/istio", version: module });
            expect(flags).toContain("-mod=mod");
            expect(flags.at(-1)).toContain(`version.buildVersion=${version} `);
            expect(flags.at(-1)).toContain(`version.buildGitRevision=${module.split("-").at(-1)}`);
        }
    });

    it("give each program one home", async () => {
        const others = await Promise.all(
            ISTIO_VERSIONS.map((version) => istioBuildOf(labPlace({}).repository, version)),
        );
        const names = [CLUSTER, KUBERNETES_PLUGIN, ENGINE, YAML_HOST, ...others].flatMap(({ programs }) =>
            Object.keys(programs),
        );
        expect(new Set(names).size).toBe(names.length);
    });
});

describe("wholeDirectory", () => {
    it("appears whole or not at all, and is made once", async () => {
        const made = join(dir, "made");
        await expect(wholeDirectory(made, () => Promise.reject(new Error("disk full")))).rejects.toThrow("disk full");
        expect(readdirSync(dir)).toEqual([]);
        const fill = (partial: string) => Promise.resolve(writeFileSync(join(partial, "a"), ""));
        expect(await wholeDirectory(made, fill)).toBe(true);
        expect(await wholeDirectory(made, () => Promise.reject(new Error("made twice")))).toBe(false);
        expect(readdirSync(made)).toEqual(["a"]);
    });

    it("takes one that another process made meanwhile, and removes what a killed one has left", async () => {
        const made = join(dir, "made");
        mkdirSync(join(dir, ".partial-999999999-made"));
        mkdirSync(join(dir, `.partial-${process.ppid}-made`));
        await wholeDirectory(made, () => {
            mkdirSync(made);
            writeFileSync(join(made, "theirs"), "");
            return Promise.resolve();
        });
        expect(readdirSync(made)).toEqual(["theirs"]);
        expect(existsSync(join(dir, ".partial-999999999-made"))).toBe(false);
        expect(existsSync(join(dir, `.partial-${process.ppid}-made`))).toBe(true);
    });
});
