import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { credentials } from "@grpc/grpc-js";
import commandManifest from "@pulumi/command/package.json";
import sdkManifest from "@pulumi/pulumi/package.json";
import { LanguageRuntimeClient } from "@pulumi/pulumi/proto/language_grpc_pb";
import { ProgramInfo, RunPluginRequest, type RunPluginResponse } from "@pulumi/pulumi/proto/language_pb";
import type { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { CheckRequest, type CheckResponse, CreateRequest, type CreateResponse } from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const started: ChildProcess[] = [];
afterEach(() => started.splice(0).forEach((child) => child.kill()));

/** Starts a stand-in as the engine does. @returns its address. */
async function startPlugin(name: string): Promise<string> {
    const main = join(__dirname, "../../src/stand-ins", name, "main.ts");
    const child = spawn(process.execPath, ["--import", "tsx", main], { stdio: ["ignore", "pipe", "inherit"] });
    started.push(child);
    const [port] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
    return `127.0.0.1:${port}`;
}

type Answer<T> = (error: Error | null, response: T) => void;
const answerOf = <T>(call: (answer: Answer<T>) => unknown) =>
    new Promise<T>((resolve, reject) => call((error, response) => (error ? reject(error) : resolve(response))));

describe("the Command plugin's stand-in", () => {
    it("has the version of the SDK, and creates what it has checked", async () => {
        const client = new ResourceProviderClient(await startPlugin("command"), credentials.createInsecure());
        const info = await answerOf<PluginInfo>((answer) => client.getPluginInfo(new Empty(), answer));
        expect(info.getVersion()).toBe(commandManifest.version);
        const urn = "urn:pulumi:s::p::command:local:Command::c";
        const check = new CheckRequest().setUrn(urn).setOlds(new Struct());
        check.setNews(Struct.fromJavaScript({ create: "cat", stdin: "grüße" }));
        const checked = await answerOf<CheckResponse>((answer) => client.check(check, answer));
        expect(checked.getFailuresList()).toEqual([]);
        const create = new CreateRequest().setUrn(urn).setProperties(checked.getInputs());
        const created = await answerOf<CreateResponse>((answer) => client.create(create, answer));
        expect(created.getProperties()?.toJavaScript()).toMatchObject({ stdout: "grüße", stderr: "" });
        create.setProperties(Struct.fromJavaScript({ create: "echo broken; exit 1" }));
        const failed = answerOf<CreateResponse>((answer) => client.create(create, answer));
        await expect(failed).rejects.toThrow(/exit status 1: running "echo broken; exit 1":\nbroken/);
        client.close();
    });
});

describe("the Node.js language host's stand-in", () => {
    it("has the version of the SDK", async () => {
        const client = new LanguageRuntimeClient(await startPlugin("language-nodejs"), credentials.createInsecure());
        const info = await answerOf<PluginInfo>((answer) => client.getPluginInfo(new Empty(), answer));
        expect(info.getVersion()).toBe(sdkManifest.version);
        client.close();
    });

    describe("runs a plugin by the SDK that is installed with it", () => {
        let folder: string;
        beforeEach(() => void (folder = realpathSync(mkdtempSync(join(tmpdir(), "plugin-")))));
        afterEach(() => rmSync(folder, { recursive: true }));

        /** Runs one whose SDK is the code. @returns what it printed, and how the call failed. */
        async function outcome(code?: string): Promise<{ printed: string; failure?: string }> {
            const sdk = join(folder, "package", "node_modules", "@pulumi", "pulumi", "cmd");
            if (code !== undefined) {
                mkdirSync(sdk, { recursive: true });
                writeFileSync(join(sdk, "run-plugin.js"), code);
            }
            const client = new LanguageRuntimeClient(
                await startPlugin("language-nodejs"),
                credentials.createInsecure(),
            );
            const info = new ProgramInfo().setProgramDirectory(join(folder, "package"));
            const request = new RunPluginRequest().setInfo(info).setPwd(folder);
            const call = client.runPlugin(request.setArgsList(["engine:1"]).setEnvList(["A=b=c"]));
            let printed = "";
            call.on("data", (part: RunPluginResponse) => {
                printed +=
                    Buffer.from(part.getStdout_asU8()).toString() + Buffer.from(part.getStderr_asU8()).toString();
                if (printed.includes("cancel me")) call.cancel();
            });
            const failure = await once(call, "end").then(
                () => undefined,
                ({ details }: { details: string }) => details,
            );
            client.close();
            return { printed, failure };
        }

        it("in the directory of the program, with the engine's arguments and environment", async () => {
            const tell = "console.log(JSON.stringify([process.cwd(), process.argv.slice(2), process.env]))";
            const { printed, failure } = await outcome(tell);
            expect(JSON.parse(printed)).toEqual([folder, [join(folder, "package"), "engine:1"], { A: "b=c" }]);
            expect(failure).toBeUndefined();
        });

        it("and tells how it failed", async () => {
            expect(await outcome("console.error('broken'); process.exit(3)")).toEqual({
                printed: "broken\n",
                failure: "Program exited with non-zero exit code: 3",
            });
            rmSync(join(folder, "package"), { recursive: true });
            mkdirSync(join(folder, "package"));
            expect((await outcome()).failure).toMatch(/package has no @pulumi\/pulumi installed: run .*npm install/);
        });

        it("until the engine ends the call", async () => {
            const { printed } = await outcome("console.log(process.pid, 'cancel me'); setInterval(() => {}, 1000)");
            const isGone = () => !existsSync(`/proc/${parseInt(printed)}`);
            await vi.waitFor(() => expect(isGone()).toBe(true), 5000);
        });
    });
});
