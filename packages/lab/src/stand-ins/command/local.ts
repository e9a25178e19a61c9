import { spawn } from "node:child_process";
import { once } from "node:events";
import type { CommandInputs } from "./inputs";
import { Output, type Printed } from "./output";

/**
 * Runs a command on this machine.
 * @param environment variables beside those of the inputs and of the engine.
 * @throws Error with the exit status and all that it printed.
 */
export async function runLocal(
    command: string,
    { interpreter = ["/bin/sh", "-c"], dir, environment: own, stdin, logging }: CommandInputs,
    environment: Readonly<Record<string, string>>,
    show: (line: string) => void,
    signal: AbortSignal,
): Promise<Printed> {
    const [program = "", ...args] = interpreter;
    const env = { ...process.env, ...own, ...environment };
    const child = spawn(program, [...args, command], { cwd: dir, env, signal });
    const output = new Output(child, logging, show);
    // A command may end without reading what it is given.
    child.stdin.on("error", () => undefined);
    child.stdin.end(stdin ?? "");
    const [code, killedBy] = (await once(child, "close").catch((error: Error) => {
        throw output.failure(error.message, command);
    })) as [number | null, NodeJS.Signals | null];
    if (code === 0) return output.result;
    throw output.failure(code === null ? `signal: ${killedBy}` : `exit status ${code}`, command);
}
