import type { ResourceLog } from "../rpc/engine";
import { type Props, reveal } from "../rpc/values";
import { archiveOf, assetsOf } from "./files";
import type { Results } from "./outputs";
import { execute } from "./process";

/** By which a command sees what the one before it printed. */
export const PREVIOUS_STDOUT = "PULUMI_COMMAND_STDOUT";
export const PREVIOUS_STDERR = "PULUMI_COMMAND_STDERR";

/**
 * Runs a command on this machine.
 * @param inputs the resource's or function's inputs
 * @param previous what the last command of the resource printed
 */
export async function runLocal(
    command: string,
    inputs: Props,
    previous: Partial<Results>,
    log: ResourceLog,
    signal: AbortSignal,
): Promise<Results> {
    const plain = reveal(inputs) as LocalInputs;
    const [program, ...args] = plain.interpreter?.length ? plain.interpreter : ["/bin/sh", "-c"];
    const printed = await execute(
        {
            program: program as string,
            args: [...args, command],
            env: { ...process.env, ...plain.environment, ...previousOutput(plain, previous) },
            cwd: plain.dir,
            stdin: plain.stdin,
            logging: plain.logging,
            command,
        },
        log,
        signal,
    );
    const folder = plain.dir ?? process.cwd();
    return {
        ...printed,
        ...(plain.assetPaths ? { assets: assetsOf(folder, plain.assetPaths) } : {}),
        ...(plain.archivePaths ? { archive: archiveOf(folder, plain.archivePaths) } : {}),
    };
}

interface LocalInputs {
    interpreter?: string[];
    environment?: Record<string, string>;
    dir?: string;
    stdin?: string;
    logging?: string;
    addPreviousOutputInEnv?: boolean;
    assetPaths?: string[];
    archivePaths?: string[];
}

/** The environment variables that carry what the last command printed, unless the program does not want them. */
export function previousOutput(
    inputs: { addPreviousOutputInEnv?: boolean },
    { stdout, stderr }: Partial<Results>,
): Record<string, string> {
    if (inputs.addPreviousOutputInEnv === false) return {};
    return { ...(stdout ? { [PREVIOUS_STDOUT]: stdout } : {}), ...(stderr ? { [PREVIOUS_STDERR]: stderr } : {}) };
}
