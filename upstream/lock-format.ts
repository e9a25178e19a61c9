import { createHash } from "node:crypto";
import { UserError } from "@istio-on-pulumi/kube";
import { CHART_FOLDERS, type ChartName, CRD_FOLDER, gatewayApiTree, istioTree } from "./selection";

/** The checksums of one upstream file, in lower-case hexadecimal. */
export interface LockedFile {
    /** SHA-256 of the bytes that this project uses. */
    readonly sha256: string;
    /** SHA-256 of upstream's bytes; only where the release's edits (see `release-edits.ts`) change them. */
    readonly upstreamSha256?: string;
}

/** Where the files of one upstream tree can be had. */
export interface LockedTree {
    /** The URL below which each file is served, without a trailing slash. */
    readonly baseUrl: string;
    /** The Go module with the same bytes, its version, and its two `go.sum` hashes (`h1:...`). */
    readonly module: string;
    readonly moduleVersion: string;
    readonly moduleSum: string;
    readonly moduleGoModSum: string;
}

/** The content of `lock.json`. */
export interface Lock {
    /** Upstream trees by the first segment of their files' paths. */
    readonly trees: Readonly<Record<string, LockedTree>>;
    /** Files by path, `<tree>/<path in the tree>`, sorted. */
    readonly files: Readonly<Record<string, LockedFile>>;
}

/** The lower-case hexadecimal SHA-256 of `bytes`. */
export function sha256(bytes: Uint8Array): string {
    return createHash("sha256").update(bytes).digest("hex");
}

/**
 * The checksums of a file.
 * @throws UserError if the lock does not list the path.
 */
export function lockedFile(lock: Lock, path: string): LockedFile {
    if (!Object.hasOwn(lock.files, path)) {
        throw new UserError(
            `"${path}" is not an upstream file that upstream/lock.json lists; ` +
                "add it to upstream/selection.ts and update the lock, or correct the path.",
        );
    }
    return lock.files[path]!;
}

/** The tree that a lock path belongs to and the path inside it. */
export function treeOf(lock: Lock, path: string): { tree: LockedTree; pathInTree: string } {
    const slash = path.indexOf("/");
    const tree = lock.trees[path.slice(0, slash)];
    if (!tree)
        throw new UserError(
            `upstream/lock.json lists "${path}", but no tree "${path.slice(0, slash)}": update the lock.`,
        );
    return { tree, pathInTree: path.slice(slash + 1) };
}

/** The files of a chart of a release of Istio: path inside the chart, and the lock path. */
export function chartFiles(lock: Lock, name: ChartName, istio: string): { path: string; lockPath: string }[] {
    return filesBelow(lock, `${istioTree(istio)}/${CHART_FOLDERS[name]}/`);
}

/** Full names of the CustomResourceDefinitions in the standard channel of a release of Gateway API. */
export function gatewayApiCrds(lock: Lock, gatewayApi: string): { name: string; lockPath: string }[] {
    return filesBelow(lock, `${gatewayApiTree(gatewayApi)}/${CRD_FOLDER}/`).map(({ path, lockPath }) => {
        const [group, plural] = path.replace(/\.yaml$/, "").split("_");
        return { name: `${plural}.${group}`, lockPath };
    });
}

function filesBelow(lock: Lock, prefix: string): { path: string; lockPath: string }[] {
    return Object.keys(lock.files)
        .filter((lockPath) => lockPath.startsWith(prefix))
        .map((lockPath) => ({ path: lockPath.slice(prefix.length), lockPath }));
}

/** A part of a lock: the trees of these roots, and their files. */
export function lockOfTrees(lock: Lock, roots: readonly string[]): Lock {
    const isIn = ([path]: [string, unknown]) => roots.includes(path.split("/", 1)[0]!);
    return {
        trees: Object.fromEntries(Object.entries(lock.trees).filter(isIn)),
        files: Object.fromEntries(Object.entries(lock.files).filter(isIn)),
    };
}
