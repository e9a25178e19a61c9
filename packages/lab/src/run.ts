import type { ExecaError } from "execa";
import { UserError } from "@istio-on-pulumi/kube";

/** Takes one line about how far a step is. */
export type Report = (line: string) => void;

/** How a command is run. */
export interface RunOptions {
    readonly cwd?: string;
    /** The whole environment; by default this process's. */
    readonly env?: NodeJS.ProcessEnv;
    /** Called with each line of standard error. */
    readonly onLine?: Report;
    /** Ends the command after so many milliseconds. */
    readonly timeoutMs?: number;
}

const KEPT_LINES = 15;

/** A command that ended otherwise than with exit code 0; the message holds the last lines of its standard error. */
export class CommandFailed extends UserError {
    constructor(
        command: readonly string[],
        how: string,
        readonly lastLines: readonly string[],
    ) {
        const [program, first] = command;
        const name = [program?.split("/").pop(), first].filter(Boolean).join(" ");
        super([`${name} ${how}`, lastLines.join(" | ")].filter(Boolean).join(": "));
    }
}

/**
 * Runs a command without a shell and returns its standard output. It ends with this process.
 * @throws CommandFailed
 */
export async function run(command: readonly string[], options: RunOptions = {}): Promise<string> {
    const { cwd, env, onLine, timeoutMs } = options;
    const [program = "", ...args] = command;
    // Not at the head of the file: a dependency of it can only be imported, and the loader makes requires of imports.
    const execa = await import("execa");
    try {
        const { stdout } = await execa.execa(program, args, {
            cwd,
            env,
            extendEnv: env === undefined,
            stdin: "ignore",
            stderr: ["pipe", eachLine(onLine)],
            stripFinalNewline: false,
            timeout: timeoutMs,
        });
        return stdout;
    } catch (error) {
        if (!(error instanceof execa.ExecaError)) throw error;
        const lines = String(error.stderr ?? "").split("\n");
        const lastLines = lines.filter((line) => line.trim() !== "").slice(-KEPT_LINES);
        throw new CommandFailed(command, howItEnded(error as CommandError, timeoutMs), lastLines);
    }
}

/** Hands on what passes, and tells of each line that is not empty. */
const eachLine = (onLine?: Report) =>
    function* (line: unknown) {
        if (String(line).trim() !== "") onLine?.(String(line));
        yield line;
    };

type CommandError = Pick<ExecaError, "exitCode" | "originalMessage" | "signal" | "timedOut">;

function howItEnded({ exitCode, originalMessage, signal, timedOut }: CommandError, timeoutMs = 0): string {
    if (timedOut) return `did not end within ${timeoutMs / 1000} s`;
    if (signal) return `was ended by ${signal}`;
    return exitCode === undefined ? `cannot be started (${originalMessage})` : `ended with exit code ${exitCode}`;
}
