import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { createInterface } from "node:readline";
import { UserError } from "@istio-on-pulumi/kube";

/** Takes one line about how far a step is. */
export type Report = (line: string) => void;

/** How a command is run. */
export interface RunOptions {
    readonly cwd?: string;
    readonly env?: NodeJS.ProcessEnv;
    /** Called with each line of standard error, and of standard output unless that is wanted as the result. */
    readonly onLine?: Report;
    /** Ends the command after so many milliseconds. */
    readonly timeoutMs?: number;
}

const KEPT_LINES = 15;

/** A command that ended otherwise than with exit code 0; the message holds its last lines. */
export class CommandFailed extends UserError {
    constructor(
        command: readonly string[],
        how: string,
        readonly lastLines: readonly string[],
    ) {
        const [program, first] = command;
        super(
            `${[program?.split("/").pop(), first].filter(Boolean).join(" ")} ${how}${lastLines.length ? `: ${lastLines.join(" | ")}` : ""}`,
        );
    }
}

/** Commands that run now: a program that is told to end takes them along. */
const running = new Set<ChildProcess>();
const ENDING = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function endAll(signal: NodeJS.Signals): void {
    for (const child of running) child.kill(signal);
    process.exit(128 + constants.signals[signal]);
}

function track(child: ChildProcess): void {
    if (running.size === 0) for (const name of ENDING) process.on(name, endAll);
    running.add(child);
    child.once("close", () => {
        running.delete(child);
        if (running.size === 0) for (const name of ENDING) process.off(name, endAll);
    });
}

/**
 * Runs a command without a shell and returns its standard output.
 * @throws CommandFailed
 */
export function run(command: readonly string[], options: RunOptions = {}): Promise<string> {
    const [program = "", ...args] = command;
    return new Promise((resolve, reject) => {
        const child = spawn(program, args, {
            cwd: options.cwd,
            env: options.env,
            stdio: ["ignore", "pipe", "pipe"],
            timeout: options.timeoutMs,
            killSignal: "SIGTERM",
        });
        track(child);
        let output = "";
        const last: string[] = [];
        const line = (text: string) => {
            if (text.trim() === "") return;
            last.push(text);
            if (last.length > KEPT_LINES) last.shift();
            options.onLine?.(text);
        };
        child.stdout.setEncoding("utf8").on("data", (data: string) => (output += data));
        createInterface({ input: child.stderr }).on("line", line);
        child.once("error", (error) => reject(new CommandFailed(command, `cannot be started (${error.message})`, [])));
        child.once("close", (code, signal) => {
            if (code === 0) return resolve(output);
            reject(
                new CommandFailed(command, signal ? `was ended by ${signal}` : `ended with exit code ${code}`, last),
            );
        });
    });
}
