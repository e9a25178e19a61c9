import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { choosePlugins, inLab, labEnvironment, type LabPlace, labPlace, loader, pluginDir } from "@istio-on-pulumi/lab";

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
     * Milliseconds after which the command is interrupted, so that a hanging one fails its test alone; default the
     * lab's, which is five minutes.
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
function tail(text: string, lines = TAIL_LINES): string {
    return text
        .split("\n")
        .filter((line) => line.trim() !== "")
        .slice(-lines)
        .join("\n");
}

/** A running lab and what can be done in it. */
export class Lab {
    private constructor(
        readonly place: LabPlace,
        private readonly timeoutMs: number,
    ) {}

    /**
     * The lab of a name, whether it runs or not.
     * @param timeoutMs milliseconds that a command may take where it names no time of its own
     */
    static named(name: string, timeoutMs = TIMEOUT_MS): Lab {
        return new Lab(labPlace({ ...outsideEnvironment(), LAB_NAME: name }), timeoutMs);
    }

    /** Runs one of the lab's own commands (`start`, `stop`, `reset`), with its output where the tests' goes. */
    async command(name: string, ...options: string[]): Promise<void> {
        const { execa } = await import("execa");
        const { exitCode } = await execa(
            process.execPath,
            ["--import", loader(), "packages/lab/src/cli.ts", name, ...options],
            {
                cwd: this.place.repository,
                env: { ...outsideEnvironment(), LAB_NAME: this.place.name },
                extendEnv: false,
                stdio: ["ignore", "inherit", "inherit"],
                reject: false,
            },
        );
        if (exitCode !== 0)
            throw new Error(
                `LAB_NAME=${this.place.name} npm run lab -- ${name} ended with exit code ${exitCode}; ` +
                    "what it says stands above.",
            );
    }

    /**
     * Builds istiod and the agent of further versions of Istio, which pods then run by their images' tags, and adds the
     * versions' files to the bundle of the lab's stack. The lab runs on meanwhile.
     */
    learnIstio(...versions: string[]): Promise<void> {
        return this.command("start", "--istio", ...versions);
    }

    /** Runs a command in the lab as `lab exec` does, from the repository's directory. */
    async run(command: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
        const { execa } = await import("execa");
        const { program, args, cwd, env } = await this.commandLine(command, options.env);
        const timeout = options.timeoutMs ?? this.timeoutMs;
        const { exitCode, signal, stdout, stderr, timedOut } = await execa(program, args, {
            cwd,
            env,
            extendEnv: false,
            input: options.input ?? "",
            stripFinalNewline: false,
            reject: false,
            timeout,
            killSignal: "SIGINT",
            forceKillAfterDelay: GRACE_MS,
        });
        return {
            code: exitCode ?? 128 + (signal === undefined ? 0 : constants.signals[signal]),
            stdout,
            stderr: timedOut ? `${stderr}\ninterrupted after ${timeout / 1000} s` : stderr,
        };
    }

    /** Standard output of a command that must succeed. @throws CommandFailed */
    async output(command: readonly string[], options: CommandOptions = {}): Promise<string> {
        const outcome = await this.run(command, options);
        if (outcome.code !== 0) throw new CommandFailed(command, outcome);
        return outcome.stdout;
    }

    /** Starts a command in the lab; its pid is the command's own. */
    async spawn(command: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<ChildProcess> {
        const { program, args, ...options } = await this.commandLine(command, env);
        return spawn(program, args, options);
    }

    private async commandLine(command: readonly string[], env: Readonly<Record<string, string>> = {}) {
        const plugins = await pluginDir(this.place, choosePlugins(this.place, process.env));
        const [program, ...args] = inLab(this.place, command, this.place.repository);
        return {
            program,
            args,
            cwd: this.place.repository,
            env: { ...labEnvironment(this.place, plugins, outsideEnvironment()), ...env },
        };
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
