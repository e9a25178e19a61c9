import { spawn } from "node:child_process";
import type { ResourceLog } from "../rpc/engine";

export interface Execution {
    program: string;
    args: string[];
    env: NodeJS.ProcessEnv;
    cwd?: string | undefined;
    stdin?: string | Buffer | undefined;
    /** which of its output to show while it runs */
    logging?: string | undefined;
    /** how errors call it; the command that the user wrote */
    command: string;
    /** how errors call its exit code; another machine's is told in other words */
    status?: string;
}

export interface Printed {
    stdout: string;
    stderr: string;
}

/**
 * Runs a program to its end, and shows its output line by line.
 * @returns what it printed, without the last newline
 * @throws Error with the exit status and all that it printed
 */
export function execute(execution: Execution, log: ResourceLog, signal: AbortSignal): Promise<Printed> {
    const { program, args, env, cwd, command } = execution;
    return new Promise((resolve, reject) => {
        const child = spawn(program, args, { env, cwd, signal, stdio: ["pipe", "pipe", "pipe"] });
        const printed = { stdout: "", stderr: "" };
        let both = "";
        for (const stream of ["stdout", "stderr"] as const) {
            const show = lineByLine((line) => log.status("info", line));
            child[stream].setEncoding("utf8").on("data", (chunk: string) => {
                printed[stream] += chunk;
                both += chunk;
                if (isShown(execution.logging, stream)) show(chunk);
            });
        }
        const fail = (why: string): void => reject(new Error(`${why}: running ${JSON.stringify(command)}:\n${both}`));
        child.once("error", (error) => fail(error.message));
        child.once("close", (code, killedBy) => {
            if (code !== 0)
                return fail(code === null ? `signal: ${killedBy}` : `${execution.status ?? "exit status"} ${code}`);
            resolve({ stdout: printed.stdout.replace(/\n$/, ""), stderr: printed.stderr.replace(/\n$/, "") });
        });
        // A program may end without reading what it is given.
        child.stdin.on("error", () => undefined);
        child.stdin.end(execution.stdin ?? "");
    });
}

function isShown(logging: string | undefined, stream: "stdout" | "stderr"): boolean {
    return logging === undefined || logging === stream || logging === "stdoutAndStderr";
}

function lineByLine(show: (line: string) => void): (chunk: string) => void {
    let rest = "";
    return (chunk) => {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop() as string;
        lines.forEach(show);
    };
}
