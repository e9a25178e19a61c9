import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { UserError } from "@istio-on-pulumi/kube";
import { isAlive, type ProcessRecord, recordOf } from "./control-plane/processes";

/**
 * Runs an action that only one process may do at a time.
 * @param file that names the process which does it; one left by a process that has ended is taken over.
 * @throws UserError if another process does it now.
 */
export async function withLock<T>(file: string, what: string, action: () => Promise<T>): Promise<T> {
    mkdirSync(dirname(file), { recursive: true });
    const own = `${JSON.stringify(recordOf("lock", process.pid))}\n`;
    try {
        writeFileSync(file, own, { flag: "wx" });
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
        const holder = holderOf(file);
        if (holder && isAlive(holder))
            throw new UserError(
                `The ${what} is being started or stopped by process ${holder.pid}: wait until it has ended, then run the same command again.`,
            );
        writeFileSync(file, own);
    }
    try {
        return await action();
    } finally {
        rmSync(file, { force: true });
    }
}

function holderOf(file: string): ProcessRecord | undefined {
    try {
        return JSON.parse(readFileSync(file, "utf8")) as ProcessRecord;
    } catch {
        return undefined;
    }
}
