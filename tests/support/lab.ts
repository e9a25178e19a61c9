import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import {
    choosePlugins,
    inNetns,
    labEnvironment,
    type LabPlace,
    labPlace,
    loader,
    pluginDir,
} from "@istio-on-pulumi/lab";

/**
 * The lab of the integration tests; a user's own lab is left alone. LAB_TEST_NAME names another, for runs of two
 * checkouts side by side.
 */
export const TEST_LAB = process.env.LAB_TEST_NAME || "test";

/** How a command ended. */
export interface Outcome {
    /** Exit code; 128 and the signal's number if a signal ended it. */
    readonly code: number;
    readonly stdout: string;
    readonly stderr: string;
}

export interface CommandOptions {
    /** Variables set on top of the lab's. */
    readonly env?: Readonly<Record<string, string>>;
    /** Text for its standard input. */
    readonly input?: string;
    /**
     * Milliseconds after which the command is interrupted, so that a hanging one fails its test alone; default five
     * minutes.
     */
    readonly timeoutMs?: number;
}

/** A command that should have succeeded; the message holds the end of what it printed. */
export class CommandFailed extends Error {
    override readonly name = "CommandFailed";

    constructor(
        command: readonly string[],
        readonly outcome: Outcome,
    ) {
        super(
            `${command.join(" ")} ended with exit code ${outcome.code}:\n` +
                tail(`${outcome.stdout}\n${outcome.stderr}`),
        );
    }
}

const TIMEOUT_MS = 5 * 60_000;
/** From the interrupt to the kill, in milliseconds; the engine uses it to write its state. */
const GRACE_MS = 20_000;
const TAIL_LINES = 60;

/** The last lines of a text, without empty ones. */
export function tail(text: string, lines = TAIL_LINES): string {
    return text
        .split("\n")
        .filter((line) => line.trim() !== "")
        .slice(-lines)
        .join("\n");
}

/** A running lab and what can be done in it. */
export class Lab {
    private constructor(readonly place: LabPlace) {}

    /** The lab of a name, whether it runs or not. */
    static named(name: string): Lab {
        return new Lab(labPlace({ ...outsideEnvironment(), LAB_NAME: name }));
    }

    /** Runs one of the lab's own commands (`start`, `stop`, `reset`), with its output where the tests' goes. */
    async command(name: string): Promise<void> {
        const args = ["--import", loader(), "packages/lab/src/cli.ts", name];
        const child = spawn(process.execPath, args, {
            cwd: this.place.repository,
            env: { ...outsideEnvironment(), LAB_NAME: this.place.name },
            stdio: ["ignore", "inherit", "inherit"],
        });
        const code = await new Promise<number>((resolve, reject) =>
            child.once("error", reject).once("exit", (status) => resolve(status ?? 1)),
        );
        if (code !== 0)
            throw new Error(
                `LAB_NAME=${this.place.name} npm run lab -- ${name} ended with exit code ${code}; ` +
                    "what it says stands above.",
            );
    }

    /** Runs a command in the lab as `lab exec` does, from the repository's directory. */
    async run(command: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
        const child = await this.spawn(command, options.env);
        let [stdout, stderr] = ["", ""];
        child.stdout?.setEncoding("utf8").on("data", (data: string) => (stdout += data));
        child.stderr?.setEncoding("utf8").on("data", (data: string) => (stderr += data));
        // A command may end without having read its input.
        child.stdin?.on("error", () => undefined).end(options.input ?? "");
        const limit = new AbortController();
        void interruptAfter(child, options.timeoutMs ?? TIMEOUT_MS, limit.signal).then((late) => {
            if (late) stderr += `\ninterrupted after ${(options.timeoutMs ?? TIMEOUT_MS) / 1000} s`;
        });
        try {
            const code = await new Promise<number>((resolve, reject) => {
                child.once("error", reject);
                child.once("close", (status, signal) =>
                    resolve(status ?? 128 + (signal ? constants.signals[signal] : 0)),
                );
            });
            return { code, stdout, stderr };
        } finally {
            limit.abort();
        }
    }

    /** Standard output of a command that must succeed. @throws CommandFailed */
    async output(command: readonly string[], options: CommandOptions = {}): Promise<string> {
        const outcome = await this.run(command, options);
        if (outcome.code !== 0) throw new CommandFailed(command, outcome);
        return outcome.stdout;
    }

    /** Starts a command in the lab; its pid is the command's own. */
    async spawn(command: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<ChildProcess> {
        const plugins = await pluginDir(this.place, choosePlugins(this.place, process.env));
        const [program, ...args] = inNetns(this.place.netns, command);
        return spawn(program, args, {
            cwd: this.place.repository,
            env: { ...labEnvironment(this.place, plugins, outsideEnvironment()), ...env },
        });
    }

    /** Which plugins its commands use, such as `pulumi-resource-kubernetes: stand-in`. */
    plugins(): string[] {
        return choosePlugins(this.place, process.env).map(({ executable, kind }) => `${executable}: ${kind}`);
    }
}

/** This process's environment without what the test runner adds: commands must run as in a user's shell. */
function outsideEnvironment(): NodeJS.ProcessEnv {
    return Object.fromEntries(
        Object.entries(process.env).filter(
            ([name]) =>
                !/^(VITEST.*|NODE_ENV|TEST|PROD|DEV|MODE|BASE_URL|SSR|npm_lifecycle_event|INIT_CWD)$/.test(name),
        ),
    );
}

/**
 * Interrupts a process after a time, and kills it where that does not help.
 * @returns whether it had to be interrupted.
 */
async function interruptAfter(child: ChildProcess, ms: number, signal: AbortSignal): Promise<boolean> {
    const over = (milliseconds: number) => sleep(milliseconds, true, { signal, ref: false }).catch(() => false);
    if (!(await over(ms))) return false;
    child.kill("SIGINT");
    if (await over(GRACE_MS)) child.kill("SIGKILL");
    return true;
}
