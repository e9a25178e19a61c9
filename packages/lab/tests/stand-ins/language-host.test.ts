import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ProgramInfo, RunPluginRequest, type RunPluginResponse, RunRequest } from "@pulumi/pulumi/proto/language_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { programDependencies } from "../../src/stand-ins/language-nodejs/about";
import { runtimeOptions, splitWords } from "../../src/stand-ins/language-nodejs/options";
import { requiredPackages } from "../../src/stand-ins/language-nodejs/packages";
import { programArguments, programEnvironment, Programs, sdkConfigKey } from "../../src/stand-ins/language-nodejs/run";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "program-"))));
afterEach(() => rmSync(folder, { recursive: true }));

function install(name: string, manifest: object, inside = folder): string {
    const path = join(inside, "node_modules", name);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, "package.json"), JSON.stringify({ name, version: "1.2.3", ...manifest }));
    return path;
}

describe("the plugins that a program needs", () => {
    it("are those that installed packages declare, nested ones too, each once", () => {
        const outer = install("plain", {});
        install("@pulumi/kubernetes", { pulumi: { resource: true, name: "kubernetes", version: "4.34.2" } });
        install("@pulumi/kubernetes", { pulumi: { resource: true, name: "kubernetes", version: "4.34.2" } }, outer);
        install("@pulumi/own", { pulumi: { resource: true, server: "https://x" } });
        install("@pulumi/pulumi", { pulumi: { resource: false } });
        expect(requiredPackages(folder).sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
            { name: "kubernetes", version: "v4.34.2", server: "" },
            { name: "own", version: "v1.2.3", server: "https://x" },
        ]);
    });

    it("are found from a folder below the installation", () => {
        install("@pulumi/own", { pulumi: { resource: true } });
        mkdirSync(join(folder, "stack"));
        expect(requiredPackages(join(folder, "stack")).map((required) => required.name)).toEqual(["own"]);
    });

    it("must have names", () => {
        install("other", { pulumi: { resource: true } });
        expect(() => requiredPackages(folder)).toThrow(/declares a Pulumi plugin without a name/);
    });
});

describe("how a program is run", () => {
    function request(): RunRequest {
        const run = new RunRequest();
        run.setProject("p").setStack("s").setMonitorAddress("m:1").setParallel(4).setDryrun(true);
        run.getConfigMap().set("p:key", "v").set("p:config:old", "w");
        run.setConfigsecretkeysList(["p:key"]);
        run.setInfo(new ProgramInfo().setProgramDirectory(folder).setRootDirectory("/root").setEntryPoint("."));
        return run;
    }

    it("by the SDK's runner, with what the engine asks for", () => {
        expect(programArguments(request(), "e:2", folder).join(" ")).toBe(
            "--monitor m:1 --engine e:2 --project p --root-directory /root --stack s " +
                `--pwd ${folder} --parallel 4 --dry-run .`,
        );
    });

    it("with its configuration in the environment", () => {
        const env = programEnvironment(request(), { typescript: true, tsconfig: "t.json", nodeArgs: [] });
        expect(JSON.parse(env["PULUMI_CONFIG"] as string)).toEqual({ "p:config:key": "v", "p:config:old": "w" });
        expect(env).toMatchObject({
            PULUMI_CONFIG_SECRET_KEYS: '["p:key"]',
            PULUMI_NODEJS_TYPESCRIPT: "true",
            PULUMI_NODEJS_TSCONFIG_PATH: "t.json",
        });
        expect(sdkConfigKey("ns:a:b")).toBe("ns:config:a:b");
    });

    it("not at all without the SDK", async () => {
        const response = await new Programs("e:2").run(request());
        expect(response.getError()).toMatch(/no @pulumi\/pulumi installed/);
    });

    async function outcome(code: string): Promise<{ error: string; bail: boolean }> {
        const runner = install("@pulumi/pulumi", { exports: { "./cmd/run": "./run.js" } });
        writeFileSync(join(runner, "run.js"), code);
        const response = await new Programs("e:2").run(request());
        return { error: response.getError(), bail: response.getBail() };
    }

    it("and its end is told apart: well, with a message shown, with a failure", async () => {
        expect(await outcome("process.exit(0)")).toEqual({ error: "", bail: false });
        expect(await outcome("process.exit(32)")).toEqual({ error: "", bail: true });
        expect(await outcome("process.exit(3)")).toEqual({
            error: "Program exited with non-zero exit code: 3",
            bail: false,
        });
    });
});

describe("how a plugin is run", () => {
    /** What the SDK's runner is given: its arguments, its directory, and whether it compiles TypeScript. */
    async function given(kind: string, runner: string): Promise<unknown> {
        const sdk = install("@pulumi/pulumi", { exports: { [`./cmd/${runner}`]: "./run.js" } });
        const told = "[process.argv.slice(2), process.cwd(), process.env.PULUMI_NODEJS_TYPESCRIPT ?? null]";
        writeFileSync(join(sdk, "run.js"), `console.log(JSON.stringify(${told}))`);
        const info = new ProgramInfo().setProgramDirectory(folder).setOptions(Struct.fromJavaScript({}));
        const request = new RunPluginRequest().setKind(kind).setPwd("/").setInfo(info).setArgsList(["e:2"]);
        const printed: Buffer[] = [];
        await new Promise<void>((resolve, reject) => {
            const call = {
                request,
                once: () => undefined,
                emit: (_: string, error: object) => reject(new Error(JSON.stringify(error))),
                write: (message: RunPluginResponse) => printed.push(Buffer.from(message.getStdout_asU8())),
                end: resolve,
            };
            new Programs("e:2").runPlugin(call as never);
        });
        return JSON.parse(Buffer.concat(printed).toString());
    }

    it("in the directory of the program that uses it", async () => {
        expect(await given("resource", "run-plugin")).toEqual([[folder, "e:2"], "/", null]);
    });

    it("in its own if it is a policy pack, whose directory comes last", async () => {
        expect(await given("analyzer", "run-policy-pack")).toEqual([["e:2", folder], folder, "true"]);
    });
});

describe("runtime options", () => {
    const options = (raw: Record<string, string | boolean>) => runtimeOptions(Struct.fromJavaScript(raw));

    it("are typed, with defaults", () => {
        expect(options({})).toEqual({ typescript: true, tsconfig: "", nodeArgs: [] });
        expect(options({ typescript: false, nodeargs: "--a 'b c'" })).toEqual({
            typescript: false,
            tsconfig: "",
            nodeArgs: ["--a", "b c"],
        });
        expect(() => options({ typescript: "yes" })).toThrow('runtime option typescript must be a boolean, not "yes"');
    });

    it("keep quoted words together", () => {
        expect(splitWords(`a="b c" 'd'e`)).toEqual(["a=b c", "de"]);
    });
});

describe("the program's dependencies", () => {
    it("are its own with the installed versions, or all that are locked", () => {
        install("a", {});
        writeFileSync(join(folder, "package.json"), JSON.stringify({ dependencies: { a: "^1.0.0", gone: "1" } }));
        const packages = {
            "": {},
            "node_modules/a": { version: "1.2.3" },
            "node_modules/a/node_modules/b": { version: "2.0.0" },
        };
        writeFileSync(join(folder, "package-lock.json"), JSON.stringify({ packages }));
        const names = (transitive: boolean): string[] =>
            programDependencies(folder, transitive)
                .getDependenciesList()
                .map((item) => `${item.getName()} ${item.getVersion()}`);
        expect(names(false)).toEqual(["a 1.2.3"]);
        expect(names(true)).toEqual(["a 1.2.3", "b 2.0.0"]);
    });
});
