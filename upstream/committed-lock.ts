import { reasonOf, UserError } from "@istio-on-pulumi/kube";
import type { Lock, LockedFile, LockedTree } from "./lock-format";

let lock: Lock | undefined;

/**
 * The committed lock, read where it is first needed: a damaged one is then told by a sentence. Apart from
 * `lock-format.ts`, so that a missing or broken `lock.json` can still be updated.
 */
export function committedLock(): Lock {
    // An import would fail before anything can tell why.
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- see above
    lock ??= checkedLock(() => require("./lock.json") as unknown);
    return lock;
}

/** @throws UserError where what is read is no lock */
export function checkedLock(read: () => unknown): Lock {
    try {
        const { trees, files } = (read() ?? {}) as Partial<Lock>;
        const isSum = (file: Partial<LockedFile> | null) => /^[0-9a-f]{64}$/.test(file?.sha256 ?? "");
        const isTree = (tree: Partial<LockedTree> | null) => URL.canParse(tree?.baseUrl ?? "");
        const isLock = trees && files && Object.values(trees).every(isTree) && Object.values(files).every(isSum);
        if (!isLock) throw new Error("it holds no trees and files, or a URL or a checksum that is none");
        return { trees, files };
    } catch (error) {
        throw new UserError(
            `upstream/lock.json cannot be used (${reasonOf(error)}); bring the committed one back with: ` +
                'git checkout upstream/lock.json, or make it anew with "npm run lock -- update"',
        );
    }
}
