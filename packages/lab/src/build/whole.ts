import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";

/**
 * Makes a directory that appears whole or not at all. One that another process makes at the same time is taken as well.
 * @param fill writes the content into an empty directory beside it.
 */
export async function wholeDirectory(dir: string, fill: (partial: string) => Promise<void>): Promise<void> {
    const partial = `${dir}.partial-${process.pid}`;
    await mkdir(partial, { recursive: true });
    try {
        await fill(partial);
        await rename(partial, dir).catch((error: unknown) => {
            // Another process was faster.
            if (!existsSync(dir)) throw error;
        });
    } finally {
        await rm(partial, { recursive: true, force: true });
    }
}
