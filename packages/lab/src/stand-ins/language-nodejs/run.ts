import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type RunRequest, RunResponse } from "@pulumi/pulumi/proto/language_pb";
import { type RuntimeOptions, runtimeOptions } from "./options";

/** The SDK's exit code for "the message is already on the screen". */
const EXIT_AFTER_SHOWN_MESSAGE = 32;
/** Milliseconds between asking a program to stop and making it. */
const STOP_GRACE_MS = 5000;

/** The programs that this language host runs: normally one. */
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
        const entry = locateRunner(directory);
        if (entry === undefined) {
            response.setError(
                `${directory} has no @pulumi/pulumi installed: run \`pulumi install\` or \`npm install\` there.`,
            );
            return response;
        }
        const options = runtimeOptions(info?.getOptions());
        const args = [...options.nodeArgs, entry, ...programArguments(request, this.engineAddress, directory)];
        const ended = await this.execute(args, programEnvironment(request, options));
        if (ended.code === EXIT_AFTER_SHOWN_MESSAGE) response.setBail(true);
        else response.setError(failure(ended));
        return response;
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

/** The SDK's own runner, as installed beside the program. */
function locateRunner(directory: string): string | undefined {
    const path = process.env["PULUMI_LANGUAGE_NODEJS_RUN_PATH"] || "@pulumi/pulumi/cmd/run";
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
        ...(options.typescript ? { PULUMI_NODEJS_TYPESCRIPT: "true" } : {}),
        ...(options.tsconfig ? { PULUMI_NODEJS_TSCONFIG_PATH: options.tsconfig } : {}),
    };
}

/** `project:key` as the SDK reads it: `project:config:key`. */
export function sdkConfigKey(key: string): string {
    const colon = key.indexOf(":");
    const namespace = key.slice(0, colon);
    const name = key.slice(colon + 1);
    return `${namespace}:config:${name.startsWith("config:") ? name.slice("config:".length) : name}`;
}
