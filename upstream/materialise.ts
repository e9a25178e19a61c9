import { randomUUID } from "node:crypto";
import { lstat, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, posix } from "node:path";
import { codeOf } from "@istio-on-pulumi/kube";
import { mapLimited } from "./concurrency";
import { sha256 } from "./lock-format";

/** A file that a directory shall have. */
export interface WantedFile {
    /** Path in the directory, with forward slashes. */
    readonly path: string;
    readonly sha256: string;
    /** The bytes with that checksum; called only if they are needed. */
    readonly read: () => Promise<Buffer>;
}

/**
 * Makes `dir` hold the wanted files. A new directory appears complete or not at all. In one that exists only what
 * differs is replaced, file by file and each at once, so that a program that reads right files meanwhile never misses
 * one. Any number of programs may do this at once.
 * @param exact remove everything else from the directory.
 */
export async function materialise(dir: string, wanted: readonly WantedFile[], exact: boolean): Promise<void> {
    const kind = await kindOf(dir);
    if (kind === "other" && exact) await rm(dir, { force: true });
    if (kind !== "filled" && (await createWhole(dir, wanted))) return;
    if (exact) await removeOthers(dir, new Set(wanted.map((file) => file.path)));
    await repair(dir, await filesThatDiffer(dir, wanted));
}

/** Those of the wanted files that a directory lacks or has with other content. */
export async function filesThatDiffer(dir: string, wanted: readonly WantedFile[]): Promise<WantedFile[]> {
    const differ = await Promise.all(wanted.map(async (file) => (await sumOf(join(dir, file.path))) !== file.sha256));
    return wanted.filter((_, index) => differ[index]);
}

async function sumOf(file: string): Promise<string | undefined> {
    try {
        return sha256(await readFile(file));
    } catch {
        return undefined;
    }
}

/** What is at a path; `filled` is a directory with something in it. */
async function kindOf(path: string): Promise<"filled" | "empty" | "other" | "absent"> {
    try {
        if (!(await lstat(path)).isDirectory()) return "other";
        return (await readdir(path)).length > 0 ? "filled" : "empty";
    } catch (error) {
        if (codeOf(error) === "ENOENT") return "absent";
        throw error;
    }
}

/** @returns false if another program filled the directory first. */
async function createWhole(dir: string, wanted: readonly WantedFile[]): Promise<boolean> {
    return withPartial(dir, wanted, async (partial) => {
        try {
            await rename(partial, dir);
            return true;
        } catch (error) {
            if (codeOf(error) === "ENOTEMPTY" || codeOf(error) === "EEXIST") return false;
            throw error;
        }
    });
}

async function repair(dir: string, wanted: readonly WantedFile[]): Promise<void> {
    if (wanted.length === 0) return;
    await withPartial(dir, wanted, async (partial) => {
        for (const { path } of wanted) {
            await mkdir(dirname(join(dir, path)), { recursive: true });
            await rename(join(partial, path), join(dir, path));
        }
    });
}

/** Runs `work` with a directory of the files beside `dir`, on the same file system, that is gone afterwards. */
async function withPartial<T>(
    dir: string,
    wanted: readonly WantedFile[],
    work: (partial: string) => Promise<T>,
): Promise<T> {
    // Read first: reading may take minutes, and an interrupt in that time shall leave nothing behind.
    const contents = await mapLimited(wanted, (file) => file.read());
    const partial = join(dirname(dir), `.${basename(dir)}.${randomUUID()}.partial`);
    try {
        await mkdir(partial, { recursive: true });
        for (const [index, { path }] of wanted.entries()) {
            await mkdir(dirname(join(partial, path)), { recursive: true });
            await writeFile(join(partial, path), contents[index]!);
        }
        return await work(partial);
    } finally {
        await rm(partial, { recursive: true, force: true });
    }
}

async function removeOthers(dir: string, files: ReadonlySet<string>): Promise<void> {
    const folders = new Set([...files].flatMap(foldersAbove));
    const visit = async (folder: string): Promise<void> => {
        for (const entry of await readdir(join(dir, folder), { withFileTypes: true })) {
            const path = posix.join(folder, entry.name);
            if (entry.isDirectory() && folders.has(path)) await visit(path);
            // A link is removed even where a file of its name is wanted: it may point anywhere.
            else if (!entry.isFile() || !files.has(path)) await rm(join(dir, path), { recursive: true, force: true });
        }
    };
    await visit(".");
}

function foldersAbove(path: string): string[] {
    const parts = path.split("/").slice(0, -1);
    return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}
