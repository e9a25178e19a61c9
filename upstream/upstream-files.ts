import { join, resolve } from "node:path";
import { codeOf, reasonOf, UserError } from "@istio-on-pulumi/kube";
import { BundleSource } from "./bundle-source";
import { ChecksumCache, defaultCacheDir } from "./cache";
import { committedLock } from "./committed-lock";
import { type HttpsOptions, HttpsSource } from "./https-source";
import { chartFiles, type Lock, lockedFile } from "./lock-format";
import { materialise } from "./materialise";
import { type ChartName, istioTree } from "./selection";
import type { Source } from "./source";

/** Options of `UpstreamFiles.open`. */
export interface OpenOptions {
    /** Directory of the Pulumi project; charts are laid out below it. */
    readonly projectDir: string;
    /** A bundle (see `npm run bundle`), relative to `projectDir` or absolute; default: fetch from upstream. */
    readonly bundleDir?: string;
    /** Where fetched files are kept, relative to `projectDir` or absolute; default: `defaultCacheDir()`. */
    readonly cacheDir?: string;
    /** Another lock than the committed one. */
    readonly lock?: Lock;
    /** How upstream is asked. */
    readonly https?: HttpsOptions;
}

/** The upstream files, verified against the lock; one object per run of a program. */
export class UpstreamFiles {
    private static readonly opened = new Map<string, UpstreamFiles>();
    private readonly reads = new Map<string, Promise<Buffer>>();

    private constructor(
        private readonly projectDir: string,
        private readonly lock: Lock,
        private readonly source: Source,
    ) {}

    /**
     * Chooses where files come from: the bundle if one is named, else upstream by HTTPS. Reads nothing yet.
     *
     * The same places are opened once, so that whoever reads a file again has it at once.
     * @throws UserError if the bundle directory does not exist.
     */
    static open(options: OpenOptions): UpstreamFiles {
        const { projectDir, bundleDir, cacheDir, ...others } = options;
        const key = JSON.stringify([resolve(projectDir), bundleDir, cacheDir]);
        const opened = Object.keys(others).length === 0 ? UpstreamFiles.opened.get(key) : undefined;
        if (opened) return opened;
        const lock = options.lock ?? committedLock();
        const source =
            options.bundleDir === undefined
                ? new HttpsSource(
                      lock,
                      new ChecksumCache(resolve(options.projectDir, options.cacheDir ?? defaultCacheDir())),
                      options.https,
                  )
                : new BundleSource(resolve(options.projectDir, options.bundleDir));
        const files = new UpstreamFiles(resolve(options.projectDir), lock, source);
        if (Object.keys(others).length === 0) UpstreamFiles.opened.set(key, files);
        return files;
    }

    /**
     * The text of a file.
     * @param path as in the lock, for instance `istio-1.25.1/samples/addons/kiali.yaml`.
     * @throws UserError if the path is not in the lock, or the file cannot be had or is not what the lock says.
     */
    async text(path: string): Promise<string> {
        return (await this.bytes(path)).toString("utf8");
    }

    /**
     * Lays a chart of a release of Istio out in the project's `.upstream` folder, or verifies and repairs it there.
     * @returns its path relative to the project, beginning with `./`: Pulumi keeps it in the state, so it is the
     *   same on every machine.
     * @throws UserError if one of its files cannot be had or is not what the lock says.
     */
    async chart(name: ChartName, istio: string): Promise<string> {
        const path = `.upstream/${istioTree(istio)}/charts/${name}`;
        const files = chartFiles(this.lock, name, istio);
        const wanted = files.map((file) => ({
            path: file.path,
            sha256: lockedFile(this.lock, file.lockPath).sha256,
            read: () => this.bytes(file.lockPath),
        }));
        try {
            await materialise(join(this.projectDir, path), wanted, true);
        } catch (error) {
            if (error instanceof UserError) throw error;
            const isFull = ["ENOSPC", "EDQUOT"].includes(codeOf(error) ?? "");
            throw new UserError(
                `Chart "${name}" cannot be laid out in ${join(this.projectDir, path)} (${reasonOf(error)}): ` +
                    `${isFull ? "make room on its disk" : "make that directory writable or remove it"}.`,
            );
        }
        return `./${path}`;
    }

    private bytes(path: string): Promise<Buffer> {
        let read = this.reads.get(path);
        if (!read) {
            // A failed read is not kept: a later call may succeed.
            read = Promise.resolve().then(() => this.source.read(path, lockedFile(this.lock, path)));
            read.catch(() => this.reads.delete(path));
            this.reads.set(path, read);
        }
        return read;
    }
}
