import { readdir, readFile } from "node:fs/promises";
import { join, posix } from "node:path";
import { downloadModules, type GoOptions } from "./go-source";
import { type Lock, type LockedFile, type LockedTree, sha256 } from "./lock-format";
import { applyReleaseEdits, isEdited } from "./release-edits";
import type { SelectedTree } from "./selection";

/**
 * The lock of a selection, from Go modules that go has verified: where the sums of a tree's module are known, against
 * them.
 * @throws UserError if a module cannot be had or a file to edit is not as expected.
 */
export async function generateLock(
    trees: readonly (SelectedTree & Partial<LockedTree>)[],
    options: GoOptions = {},
): Promise<Lock> {
    const modules = await downloadModules(trees, options);
    const lockedTrees: Record<string, LockedTree> = {};
    const files: [string, LockedFile][] = [];
    for (const tree of trees) {
        const { dir, sum, goModSum } = modules.get(`${tree.module}@${tree.moduleVersion}`)!;
        const { baseUrl, module, moduleVersion } = tree;
        lockedTrees[tree.root] = { baseUrl, module, moduleVersion, moduleSum: sum, moduleGoModSum: goModSum };
        for (const path of await selectedPaths(dir, tree)) {
            const lockPath = `${tree.root}/${path}`;
            files.push([lockPath, lockedFileOf(lockPath, await readFile(join(dir, path)))]);
        }
    }
    files.sort(([a], [b]) => (a < b ? -1 : 1));
    return { trees: lockedTrees, files: Object.fromEntries(files) };
}

/** The text of `lock.json` for a lock. */
export function lockText(lock: Lock): string {
    return `${JSON.stringify(lock, undefined, 2)}\n`;
}

/** The checksums of a file whose upstream bytes are given. */
export function lockedFileOf(lockPath: string, bytes: Buffer): LockedFile {
    if (!isEdited(lockPath)) return { sha256: sha256(bytes) };
    return {
        sha256: sha256(Buffer.from(applyReleaseEdits(lockPath, bytes.toString("utf8")))),
        upstreamSha256: sha256(bytes),
    };
}

async function selectedPaths(dir: string, tree: SelectedTree): Promise<string[]> {
    const inFolders = await Promise.all(tree.folders.map((folder) => filesBelow(dir, folder)));
    return [...tree.files, ...inFolders.flat()];
}

async function filesBelow(dir: string, folder: string): Promise<string[]> {
    const entries = await readdir(join(dir, folder), { withFileTypes: true });
    const nested = await Promise.all(
        entries.map((entry) => {
            const path = posix.join(folder, entry.name);
            return entry.isDirectory() ? filesBelow(dir, path) : Promise.resolve([path]);
        }),
    );
    return nested.flat();
}
