import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import {
    type RunPluginRequest,
    RunPluginResponse,
    type RunRequest,
    RunResponse,
} from "@pulumi/pulumi/proto/language_pb";
import { type RuntimeOptions, runtimeOptions } from "./options";
import { forwardOutput } from "./server";

/** The SDK's exit code for "the message is already on the screen". */
const EXIT_AFTER_SHOWN_MESSAGE = 32;
/** Milliseconds between asking a program to stop and making it. */
const STOP_GRACE_MS = 5000;

/** The programs and plugins that this language host runs: normally one. */
export class Programs {
    private readonly running = new Set<ChildProcess>();

    /** @param engineAddress may come later, by a handshake */
    constructor(public engineAddress: string) {
        process.on("exit", () => this.running.forEach((child) => child.kill("SIGKILL")));
    }

    /** Runs the program to its end and says how it ended. Its output goes to the engine. */
    async run(request: RunRequest): Promise<RunResponse> {
        const response = new RunResponse();
        const info = request.getInfo();
        const directory = info?.getProgramDirectory() || request.getPwd();
        const entry = locateRunner(directory, "run");
        if (entry === undefined) {
            response.setError(notInstalled(directory));
            return response;
        }
        const options = runtimeOptions(info?.getOptions());
        const args = [...options.nodeArgs, entry, ...programArguments(request, this.engineAddress, directory)];
        const ended = await this.execute(args, programEnvironment(request, options));
        if (ended.code === EXIT_AFTER_SHOWN_MESSAGE) response.setBail(true);
        else response.setError(failure(ended));
        return response;
    }

    /**
     * Runs a plugin that is written in TypeScript or JavaScript, for instance a component package or a policy pack,
     * until the engine ends the call. It works in the directory of the program that uses it; a policy pack in its own.
     */
    runPlugin(call: grpc.ServerWritableStream<RunPluginRequest, RunPluginResponse>): void {
        const info = call.request.getInfo();
        const directory = info?.getProgramDirectory() ?? "";
        const isPolicyPack = call.request.getKind() === "analyzer";
        const entry = locateRunner(directory, isPolicyPack ? "run-policy-pack" : "run-plugin");
        if (entry === undefined) {
            call.emit("error", { code: grpc.status.UNKNOWN, details: notInstalled(directory) });
            return;
        }
        const args = call.request.getArgsList();
        const child = spawn(
            process.execPath,
            [entry, ...(isPolicyPack ? [...args, directory] : [directory, ...args])],
            {
                cwd: isPolicyPack ? directory : call.request.getPwd(),
                env: {
                    ...Object.fromEntries(call.request.getEnvList().map(variable)),
                    ...(isPolicyPack && typescriptEnvironment(runtimeOptions(info?.getOptions()))),
                },
                stdio: ["ignore", "pipe", "pipe"],
            },
        );
        this.running.add(child);
        child.once("close", () => this.running.delete(child));
        call.once("cancelled", () => child.kill("SIGKILL"));
        forwardOutput(call, child, RunPluginResponse, {
            notStarted: "Problem executing plugin program (could not run language executor)",
            failed: (code) => `Program exited with non-zero exit code: ${code ?? -1}`,
        });
    }

    /** Asks every running program to stop. */
    cancel(): void {
        for (const child of this.running) {
            child.kill("SIGINT");
            setTimeout(() => child.kill("SIGKILL"), STOP_GRACE_MS).unref();
        }
    }

    private execute(args: string[], env: NodeJS.ProcessEnv): Promise<Ended> {
        return new Promise((resolve) => {
            const child = spawn(process.execPath, args, { env, stdio: ["ignore", "inherit", "inherit"] });
            this.running.add(child);
            const end = (ended: Ended): void => {
                this.running.delete(child);
                resolve(ended);
            };
            child.once("error", (error) => end({ code: null, signal: null, error }));
            child.once("exit", (code, signal) => end({ code, signal }));
        });
    }
}

interface Ended {
    code: number | null;
    signal: NodeJS.Signals | null;
    error?: Error;
}

/** Why a program failed, in the words of the real language host; empty if it did not. */
function failure({ code, signal, error }: Ended): string {
    if (error) return `Problem executing program (could not run language executor): ${error.message}`;
    if (code === 0) return "";
    const outOfMemory = signal === "SIGABRT" || code === 134;
    return (
        `Program exited with non-zero exit code: ${code ?? -1}` +
        (outOfMemory
            ? ". It may have run out of memory: raise the limit by `nodeargs: --max-old-space-size=<megabytes>` " +
              "under runtime.options in Pulumi.yaml."
            : "")
    );
}

const notInstalled = (directory: string) =>
    `${directory} has no @pulumi/pulumi installed: run \`pulumi install\` or \`npm install\` there.`;

/** A variable as `NAME=value`. */
function variable(text: string): [name: string, value: string] {
    const at = text.indexOf("=");
    return [text.slice(0, at), text.slice(at + 1)];
}

/** The SDK's own runner, as installed beside the program or plugin. */
function locateRunner(directory: string, runner: "run" | "run-plugin" | "run-policy-pack"): string | undefined {
    const own = runner === "run-policy-pack" ? undefined : process.env["PULUMI_LANGUAGE_NODEJS_RUN_PATH"];
    const path = own || `@pulumi/pulumi/cmd/${runner}`;
    try {
        return createRequire(join(directory, "package.json")).resolve(path);
    } catch {
        return undefined;
    }
}

/** The command line of the SDK's runner. */
export function programArguments(request: RunRequest, engineAddress: string, directory: string): string[] {
    const info = request.getInfo();
    const named: [string, string][] = [
        ["monitor", request.getMonitorAddress()],
        ["engine", engineAddress],
        ["organization", request.getOrganization()],
        ["project", request.getProject()],
        ["root-directory", info?.getRootDirectory() ?? ""],
        ["stack", request.getStack()],
        ["pwd", directory],
        ["parallel", String(request.getParallel())],
    ];
    return [
        ...named.flatMap(([name, value]) => (value ? [`--${name}`, value] : [])),
        ...(request.getDryrun() ? ["--dry-run"] : []),
        info?.getEntryPoint() || request.getProgram() || ".",
        ...request.getArgsList(),
    ];
}

/** The environment in which the SDK's runner finds its configuration. */
export function programEnvironment(request: RunRequest, options: RuntimeOptions): NodeJS.ProcessEnv {
    const config: Record<string, string> = {};
    request.getConfigMap().forEach((value: string, key: string) => (config[sdkConfigKey(key)] = value));
    return {
        ...process.env,
        PULUMI_CONFIG: JSON.stringify(config),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
        ...typescriptEnvironment(options),
    };
}

function typescriptEnvironment({ typescript, tsconfig }: RuntimeOptions): NodeJS.ProcessEnv {
    return {
        ...(typescript ? { PULUMI_NODEJS_TYPESCRIPT: "true" } : {}),
        ...(tsconfig ? { PULUMI_NODEJS_TSCONFIG_PATH: tsconfig } : {}),
    };
}

/** `project:key` as the SDK reads it: `project:config:key`. */
export function sdkConfigKey(key: string): string {
    const colon = key.indexOf(":");
    const namespace = key.slice(0, colon);
    const name = key.slice(colon + 1);
    return `${namespace}:config:${name.startsWith("config:") ? name.slice("config:".length) : name}`;
}
