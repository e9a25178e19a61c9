import { readdir, readFile, realpath } from "node:fs/promises";
import { join, resolve } from "node:path";
import {
    codeOf,
    DEFAULT_ISTIO,
    GATEWAY_API_VERSIONS,
    ISTIO_VERSIONS,
    istioRelease,
    reasonOf,
    UserError,
} from "@istio-on-pulumi/kube";
import { BundleSource } from "./bundle-source";
import { ChecksumCache, defaultCacheDir } from "./cache";
import { committedLock } from "./committed-lock";
import { mapLimited } from "./concurrency";
import { GoModuleSource, type GoOptions } from "./go-source";
import { type HttpsOptions, HttpsSource } from "./https-source";
import { imagesOf } from "./images";
import { type Lock, lockOfTrees, sha256 } from "./lock-format";
import { filesThatDiffer, materialise, type WantedFile } from "./materialise";
import { gatewayApiTree, istioTree } from "./selection";
import type { Source } from "./source";

/** Options of `writeBundle`. */
export interface BundleOptions {
    /** Versions of Istio; default: those that the directory's bundle has, or the default one. */
    readonly istio?: readonly string[];
    /** Versions of Gateway API besides those that go with Istio's; default: none. */
    readonly gatewayApi?: readonly string[];
    /** `upstream` by HTTPS, `go` modules, or `auto` (default): upstream, and Go modules where it cannot be reached. */
    readonly source?: "upstream" | "go" | "auto";
    /** Called after each file. */
    readonly onProgress?: (done: number, total: number, path: string) => void;
    /** Where files fetched from upstream are kept; default as in `UpstreamFiles.open`. */
    readonly cacheDir?: string;
    /** How upstream is asked. */
    readonly https?: HttpsOptions;
    /** How the go command is run. */
    readonly go?: GoOptions;
    /** Another lock than the committed one. */
    readonly lock?: Lock;
}

/** What `writeBundle` did. */
export interface BundleResult {
    /** `upstream`, `go`, or `existing` if the directory held a complete bundle already. */
    readonly source: "upstream" | "go" | "existing";
    /** Number of upstream files in the bundle. */
    readonly files: number;
}

/** The file that makes a directory a bundle. */
const MANIFEST = "MANIFEST.json";
const TAKE_MODULES =
    'if this machine cannot reach upstream, take Go modules ("--from go") or write the bundle on another machine';
/** `auto` asks upstream for one file first, so briefly that an unreachable upstream costs no patience. */
const PROBE: HttpsOptions = { timeoutMs: 5000, attempts: 1 };

/** The releases whose files a bundle holds. */
interface Versions {
    readonly istio: readonly string[];
    readonly gatewayApi: readonly string[];
}

/**
 * Writes a bundle: the lock's files of the wanted versions, verified, with `images.txt` (the container images to
 * mirror), `SHA256SUMS`, `MANIFEST.json` and `README.txt`. A new directory appears complete or not at all; a complete
 * bundle is left as it is; a damaged one is repaired; one of other versions gets the wanted ones, too.
 * @param dir the bundle's directory, relative to the working directory or absolute: absent, empty, or a bundle.
 * @throws UserError if the directory holds something else, a version is not locked, or a file cannot be had.
 */
export async function writeBundle(dir: string, options: BundleOptions = {}): Promise<BundleResult> {
    // Through a link, so that a link to a directory is written to and not replaced.
    const target = await realpath(dir).catch(() => resolve(dir));
    const held = await heldVersions(target);
    const versions = wantedVersions(options, held);
    const lock = lockOfTrees(options.lock ?? committedLock(), [
        ...versions.istio.map(istioTree),
        ...versions.gatewayApi.map(gatewayApiTree),
    ]);
    const files = Object.keys(lock.files).length;
    if (held && (await isComplete(target, lock, versions))) return { source: "existing", files };

    const { source, contents } = await readAll(lock, options);
    try {
        await materialise(target, wantedFiles(withDerived(contents, versions)), false);
    } catch (error) {
        if (error instanceof UserError) throw error;
        throw new UserError(
            `The bundle cannot be written to ${target} (${reasonOf(error)}): ` +
                "name a directory whose parent can be written to.",
        );
    }
    return { source, files };
}

/** All that the directory has and all that is asked for; of nothing, the default version. */
function wantedVersions({ istio = [], gatewayApi = [] }: BundleOptions, held?: Versions): Versions {
    const asked = held || istio.length > 0 ? istio : [DEFAULT_ISTIO];
    const of = (all: readonly string[], wanted: readonly string[]) => all.filter((each) => wanted.includes(each));
    return {
        istio: of(ISTIO_VERSIONS, [...(held?.istio ?? []), ...asked]),
        gatewayApi: of(GATEWAY_API_VERSIONS, [
            ...(held?.gatewayApi ?? []),
            ...asked.map((version) => istioRelease(version).gatewayApi),
            ...gatewayApi,
        ]),
    };
}

/**
 * What the directory's bundle holds; undefined where there is nothing.
 * @throws UserError if the directory holds what a bundle must not overwrite.
 */
async function heldVersions(dir: string): Promise<Versions | undefined> {
    const entries = await readdir(dir).catch((error: unknown): string[] => {
        if (codeOf(error) === "ENOENT") return [];
        throw new UserError(
            `A bundle cannot be written to ${dir} (${reasonOf(error)}): name a new or empty directory.`,
        );
    });
    if (entries.length === 0) return undefined;
    if (!entries.includes(MANIFEST)) {
        throw new UserError(
            `${dir} is not empty and holds no bundle (it has no ${MANIFEST}): name a new or empty directory.`,
        );
    }
    const held = await readFile(join(dir, MANIFEST), "utf8")
        .then((text) => JSON.parse(text) as Partial<Versions>)
        .catch((): Partial<Versions> => ({}));
    // Before there was a choice it was one version each.
    const [istio, gatewayApi] = [[held.istio ?? []].flat(), [held.gatewayApi ?? []].flat()] as string[][];
    if (!isLocked(istio!, ISTIO_VERSIONS) || !isLocked(gatewayApi!, GATEWAY_API_VERSIONS)) {
        throw new UserError(
            `${dir} holds a bundle of Istio ${istio!.join(", ") || "(unknown)"} and ` +
                `Gateway API ${gatewayApi!.join(", ") || "(unknown)"}, which are not all locked here: ` +
                "name a new directory, or remove this one.",
        );
    }
    return { istio: istio!, gatewayApi: gatewayApi! };
}

const isLocked = (versions: readonly string[], locked: readonly string[]) =>
    versions.length > 0 && versions.every((version) => locked.includes(version));

async function isComplete(dir: string, lock: Lock, versions: Versions): Promise<boolean> {
    try {
        const contents = await readFrom(new BundleSource(dir), lock);
        return (await filesThatDiffer(dir, wantedFiles(withDerived(contents, versions)))).length === 0;
    } catch {
        return false;
    }
}

type Contents = Map<string, Buffer>;

async function readAll(lock: Lock, options: BundleOptions): Promise<{ source: "upstream" | "go"; contents: Contents }> {
    const cache = new ChecksumCache(options.cacheDir ?? defaultCacheDir());
    const upstream = (https?: HttpsOptions): Source => new HttpsSource(lock, cache, https, TAKE_MODULES);
    const fromUpstream = async () => ({
        source: "upstream" as const,
        contents: await readFrom(upstream(options.https), lock, options.onProgress),
    });
    const fromGo = async () => ({
        source: "go" as const,
        contents: await readFrom(new GoModuleSource(lock, options.go), lock, options.onProgress),
    });
    if (options.source === "upstream") return fromUpstream();
    if (options.source === "go") return fromGo();
    try {
        const [path, file] = Object.entries(lock.files)[0]!;
        await upstream({ ...options.https, ...PROBE }).read(path, file);
        return await fromUpstream();
    } catch (upstreamError) {
        return await fromGo().catch((goError: unknown) => {
            throw new UserError(
                `Neither source has the files. Upstream: ${reasonOf(upstreamError)} Go modules: ${reasonOf(goError)}`,
            );
        });
    }
}

async function readFrom(source: Source, lock: Lock, onProgress?: BundleOptions["onProgress"]): Promise<Contents> {
    const entries = Object.entries(lock.files);
    let done = 0;
    const read = await mapLimited(entries, async ([path, file]) => {
        const bytes = await source.read(path, file);
        onProgress?.(++done, entries.length, path);
        return [path, bytes] as const;
    });
    return new Map(read);
}

/** Adds the files that a bundle has beside upstream's. */
function withDerived(upstream: Contents, versions: Versions): Contents {
    const images = imagesOf((path) => upstream.get(path)?.toString("utf8") ?? "", [...upstream.keys()]);
    const sums = [...upstream].map(([path, bytes]) => `${sha256(bytes)}  ${path}\n`);
    return new Map([
        ...upstream,
        ["images.txt", Buffer.from(images.map((image) => `${image}\n`).join(""))],
        ["SHA256SUMS", Buffer.from(sums.join(""))],
        [MANIFEST, Buffer.from(`${JSON.stringify(versions, undefined, 2)}\n`)],
        ["README.txt", Buffer.from(readme(versions))],
    ]);
}

function wantedFiles(contents: Contents): WantedFile[] {
    return [...contents].map(([path, bytes]) => ({ path, sha256: sha256(bytes), read: () => Promise.resolve(bytes) }));
}

const readme = ({ istio, gatewayApi }: Versions) =>
    `Upstream files of Istio ${istio.join(", ")} and Gateway API ${gatewayApi.join(", ")},
as the program istio-on-pulumi installs them.

The files are upstream's, under the Apache License 2.0. The charts carry the version, hub and tag that the release has;
nothing else was changed.

To use them:    pulumi config set bundle <this directory>
To check them:  sha256sum -c SHA256SUMS
images.txt lists the container images that a cluster without internet access needs in its mirror, with the default
settings; a stack with an istio.hub, istio.tag, bookinfo.images or bookinfo.tag of its own needs those.
`;
