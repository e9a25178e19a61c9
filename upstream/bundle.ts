import { readdir, readFile, realpath } from "node:fs/promises";
import { join, resolve } from "node:path";
import { codeOf, GATEWAY_API_VERSION, ISTIO_VERSION, reasonOf, UserError } from "@istio-on-pulumi/kube";
import { BundleSource } from "./bundle-source";
import { ChecksumCache, defaultCacheDir } from "./cache";
import { LOCK } from "./committed-lock";
import { mapLimited } from "./concurrency";
import { GoModuleSource, type GoOptions } from "./go-source";
import { type HttpsOptions, HttpsSource } from "./https-source";
import { imagesOf } from "./images";
import { type Lock, sha256 } from "./lock-format";
import { filesThatDiffer, materialise, type WantedFile } from "./materialise";
import type { Source } from "./source";

/** Options of `writeBundle`. */
export interface BundleOptions {
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
const VERSIONS = { istio: ISTIO_VERSION, gatewayApi: GATEWAY_API_VERSION };
const TAKE_MODULES =
    'if this machine cannot reach upstream, take Go modules ("--from go") or write the bundle on another machine';
/** `auto` asks upstream for one file first, so briefly that an unreachable upstream costs no patience. */
const PROBE: HttpsOptions = { timeoutMs: 5000, attempts: 1 };

/**
 * Writes a bundle: every file of the lock, verified, with `images.txt` (the container images to mirror), `SHA256SUMS`,
 * `MANIFEST.json` and `README.txt`. A new directory appears complete or not at all; a complete bundle is left as it is;
 * a damaged one is repaired.
 * @param dir the bundle's directory, relative to the working directory or absolute: absent, empty, or a bundle of the
 *   same versions.
 * @throws UserError if the directory holds something else, or a file cannot be had.
 */
export async function writeBundle(dir: string, options: BundleOptions = {}): Promise<BundleResult> {
    // Through a link, so that a link to a directory is written to and not replaced.
    const target = await realpath(dir).catch(() => resolve(dir));
    const lock = options.lock ?? LOCK;
    const files = Object.keys(lock.files).length;
    if ((await checkTarget(target)) === "bundle" && (await isComplete(target, lock)))
        return { source: "existing", files };

    const { source, contents } = await readAll(lock, options);
    try {
        await materialise(target, wantedFiles(withDerived(contents)), false);
    } catch (error) {
        if (error instanceof UserError) throw error;
        throw new UserError(
            `The bundle cannot be written to ${target} (${reasonOf(error)}): ` +
                "name a directory whose parent can be written to.",
        );
    }
    return { source, files };
}

/** @throws UserError if the directory holds what a bundle must not overwrite. */
async function checkTarget(dir: string): Promise<"new" | "bundle"> {
    const entries = await readdir(dir).catch((error: unknown): string[] => {
        if (codeOf(error) === "ENOENT") return [];
        throw new UserError(
            `A bundle cannot be written to ${dir} (${reasonOf(error)}): name a new or empty directory.`,
        );
    });
    if (entries.length === 0) return "new";
    if (!entries.includes(MANIFEST)) {
        throw new UserError(
            `${dir} is not empty and holds no bundle (it has no ${MANIFEST}): name a new or empty directory.`,
        );
    }
    const held = await readFile(join(dir, MANIFEST), "utf8")
        .then((text) => JSON.parse(text) as Partial<typeof VERSIONS>)
        .catch((): Partial<typeof VERSIONS> => ({}));
    if (held.istio !== VERSIONS.istio || held.gatewayApi !== VERSIONS.gatewayApi) {
        throw new UserError(
            `${dir} holds a bundle of Istio ${held.istio ?? "(unknown)"} and ` +
                `Gateway API ${held.gatewayApi ?? "(unknown)"}, not of ${VERSIONS.istio} and ${VERSIONS.gatewayApi}: ` +
                "name a new directory, or remove this one.",
        );
    }
    return "bundle";
}

async function isComplete(dir: string, lock: Lock): Promise<boolean> {
    try {
        const contents = await readFrom(new BundleSource(dir), lock);
        return (await filesThatDiffer(dir, wantedFiles(withDerived(contents)))).length === 0;
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
function withDerived(upstream: Contents): Contents {
    const images = imagesOf((path) => upstream.get(path)?.toString("utf8") ?? "", [...upstream.keys()]);
    const sums = [...upstream].map(([path, bytes]) => `${sha256(bytes)}  ${path}\n`);
    return new Map([
        ...upstream,
        ["images.txt", Buffer.from(images.map((image) => `${image}\n`).join(""))],
        ["SHA256SUMS", Buffer.from(sums.join(""))],
        [MANIFEST, Buffer.from(`${JSON.stringify(VERSIONS, undefined, 2)}\n`)],
        ["README.txt", Buffer.from(README)],
    ]);
}

function wantedFiles(contents: Contents): WantedFile[] {
    return [...contents].map(([path, bytes]) => ({ path, sha256: sha256(bytes), read: () => Promise.resolve(bytes) }));
}

const README = `Upstream files of Istio ${ISTIO_VERSION} and Gateway API ${GATEWAY_API_VERSION},
as the program istio-on-pulumi installs them.

The files are upstream's, under the Apache License 2.0. The charts carry the version, hub and tag that the release has;
nothing else was changed.

To use them:    pulumi config set bundle <this directory>
To check them:  sha256sum -c SHA256SUMS
images.txt lists the container images that a cluster without internet access needs in its mirror, with the default
settings; a stack with an istio.hub, istio.tag, bookinfo.images or bookinfo.tag of its own needs those.
`;
