import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { lock } from "proper-lockfile";
import { codeOf, UserError } from "@istio-on-pulumi/kube";

/** A lock whose holder was killed is free after so many milliseconds. */
const STALE_MS = 10_000;

/**
 * Runs an action that only one process may do at a time.
 * @param path that the lock guards; the lock is a directory beside it, `<path>.lock`, and goes with its holder.
 * @param what is started or stopped, for the message.
 * @throws UserError if another process does it now.
 */
export async function withLock<T>(path: string, what: string, action: () => Promise<T>): Promise<T> {
    await mkdir(dirname(path), { recursive: true });
    const release = await lock(path, { realpath: false, stale: STALE_MS }).catch((error: unknown) => {
        if (codeOf(error) !== "ELOCKED") throw error;
        throw new UserError(
            `The ${what} is being started or stopped by another command, or was until one was killed a moment ago: ` +
                `wait until it has ended, at least ${STALE_MS / 1000} s, then run the same command again.`,
        );
    });
    try {
        return await action();
    } finally {
        await release();
    }
}
