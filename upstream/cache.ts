import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { sha256 } from "./lock-format";

/**
 * `${XDG_CACHE_HOME:-~/.cache}/istio-on-pulumi/upstream`.
 *
 * A relative XDG_CACHE_HOME is ignored, as its specification says.
 */
export function defaultCacheDir(env: NodeJS.ProcessEnv = process.env): string {
    const base = env.XDG_CACHE_HOME;
    return join(base && isAbsolute(base) ? base : join(homedir(), ".cache"), "istio-on-pulumi", "upstream");
}

/**
 * Files by checksum in a directory. Any number of programs may use it at once: an entry appears complete or not at all,
 * and what is read is verified. It only saves time: where it cannot be written, everything works without it.
 */
export class ChecksumCache {
    constructor(private readonly dir: string) {}

    /** The bytes with this SHA-256, or undefined; a damaged entry is removed. */
    async get(sum: string): Promise<Buffer | undefined> {
        try {
            const bytes = await readFile(this.entry(sum));
            if (sha256(bytes) === sum) return bytes;
            await rm(this.entry(sum), { force: true });
        } catch {
            // absent or unreadable: the caller has another way to get it
        }
        return undefined;
    }

    /** Keeps bytes whose SHA-256 the caller has verified to be `sum`. */
    async put(sum: string, bytes: Buffer): Promise<void> {
        const partial = `${this.entry(sum)}.${randomUUID()}.partial`;
        try {
            await mkdir(this.dir, { recursive: true });
            await writeFile(partial, bytes);
            await rename(partial, this.entry(sum));
        } catch {
            await rm(partial, { force: true }).catch(() => {});
        }
    }

    private entry(sum: string): string {
        return join(this.dir, sum);
    }
}
