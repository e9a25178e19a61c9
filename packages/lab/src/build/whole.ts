import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/**
 * Makes a directory that appears whole or not at all, unless it exists. One that another process makes at the same time
 * is
 * taken as well; what a killed process has left of one is removed.
 * @param fill writes the content into an empty directory beside it.
 * @returns whether it was made.
 */
export async function wholeDirectory(dir: string, fill: (partial: string) => Promise<void>): Promise<boolean> {
    if (existsSync(dir)) return false;
    await removeLeftovers(dirname(dir));
    const partial = join(dirname(dir), `.partial-${process.pid}-${basename(dir)}`);
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
    return true;
}

async function removeLeftovers(parent: string): Promise<void> {
    for (const name of await readdir(parent).catch((): string[] => [])) {
        const pid = /^\.partial-(\d+)-/.exec(name)?.[1];
        if (pid !== undefined && !existsSync(`/proc/${pid}`))
            await rm(join(parent, name), { recursive: true, force: true });
    }
}
