import { constants } from "node:os";
import { resolve } from "node:path";
import { UserError } from "@istio-on-pulumi/kube";
import { which } from "./build";
import { labStatus } from "./control-plane/control";
import { labEnvironment } from "./environment";
import type { LabPlace } from "./place";
import { choosePlugins, pluginDir } from "./plugins";
import { inLab, notRunning } from "./user-namespace";

/** Exit code of shells for a program that does not exist. */
const NOT_FOUND = 127;

/**
 * Runs a command in the lab, with the terminal, the working directory and the arguments as they are.
 * @returns its exit code; 128 and the signal's number if a signal ended it.
 * @throws UserError if the lab does not run.
 */
export async function exec(place: LabPlace, command: readonly string[], cwd = process.cwd()): Promise<number> {
    if (!labStatus(place).running) throw new UserError(notRunning(place));
    const env = labEnvironment(place, await pluginDir(place, choosePlugins(place)));
    const [name = "", ...rest] = command;
    const file = which(name.includes("/") ? resolve(cwd, name) : name, env.PATH);
    if (file === undefined) {
        console.error(`There is no program "${name}" in the lab: name one on PATH, or a file that can be run.`);
        return NOT_FOUND;
    }
    return foreground(inLab(place, [file, ...rest], cwd), cwd, env);
}

/** Runs a command with the terminal, and hands on what this process is told. @returns its exit code, as above. */
export async function foreground(
    [program, ...args]: [string, ...string[]],
    cwd: string,
    env: NodeJS.ProcessEnv,
): Promise<number> {
    const { execa } = await import("execa");
    const child = execa(program, args, {
        cwd,
        env,
        extendEnv: false,
        stdio: "inherit",
        reject: false,
        // The signals below are the command's own to handle: it may need a while to end.
        cleanup: false,
    });
    // A terminal sends its signals to the child as well: forwarding would double them, and a second one means "at once"
    // to
    // the engine.
    const forwarded: NodeJS.Signals[] = ["SIGTERM", "SIGHUP", ...(process.stdin.isTTY ? [] : ["SIGINT" as const])];
    for (const signal of forwarded) process.on(signal, () => child.kill(signal));
    if (process.stdin.isTTY) process.on("SIGINT", () => undefined);
    const { exitCode, signal, failed, originalMessage } = await child;
    if (failed && exitCode === undefined && signal === undefined)
        throw new UserError(`${program} cannot be started: ${originalMessage}`);
    return exitCode ?? 128 + (signal === undefined ? 0 : constants.signals[signal]);
}
