import { setTimeout as sleep } from "node:timers/promises";
import pRetry from "p-retry";
import { reasonOf, UserError } from "@istio-on-pulumi/kube";
import type { ChecksumCache } from "./cache";
import { attemptFetch, FetchFailure } from "./fetch";
import { type Lock, type LockedFile, treeOf } from "./lock-format";
import { type Source, verified } from "./source";

/** How upstream is asked. */
export interface HttpsOptions {
    /** Time limit of one attempt, body included, in milliseconds; default: 20 s. */
    readonly timeoutMs?: number;
    /** Attempts at one file; default: 3. Only what may pass (network, time limit, status 429 or 5xx) is tried again. */
    readonly attempts?: number;
    /** Pause before the second attempt in milliseconds, doubled for each later one; default: 500. */
    readonly pauseMs?: number;
}

/** The longest that a server's `Retry-After` is obeyed, before the pause of our own. */
const MAX_PAUSE_MS = 15_000;
/** What a program's user can do about a failure; completes "...; ". */
const USE_A_BUNDLE =
    'if this machine cannot reach upstream, write a bundle with "npm run bundle -- <dir>" on one that can ' +
    'and name it with "pulumi config set bundle <dir>"';

/** Fetches from upstream and keeps what it fetched in a cache. */
export class HttpsSource implements Source {
    /** @param advice what to do where upstream cannot be reached; ends a failure's sentence. */
    constructor(
        private readonly lock: Lock,
        private readonly cache: ChecksumCache,
        private readonly options: HttpsOptions = {},
        private readonly advice = USE_A_BUNDLE,
    ) {}

    async read(path: string, file: LockedFile): Promise<Buffer> {
        const { tree, pathInTree } = treeOf(this.lock, path);
        const url = `${tree.baseUrl}/${pathInTree}`;
        const provenance = {
            where: url,
            remedy: `upstream's file or something on the way to it was changed, so do not use it; ${this.advice}`,
        };
        // The cache holds upstream's bytes, so that a change of the edits does not outdate it.
        const sum = file.upstreamSha256 ?? file.sha256;
        const cached = await this.cache.get(sum);
        if (cached) return verified(path, file, cached, provenance);
        const fetched = await this.fetch(url);
        const bytes = verified(path, file, fetched, provenance);
        await this.cache.put(sum, fetched);
        return bytes;
    }

    private async fetch(url: string): Promise<Buffer> {
        const { attempts = 3, pauseMs = 500, timeoutMs = 20_000 } = this.options;
        let attempt = 0;
        try {
            return await pRetry(
                (number) => {
                    attempt = number;
                    return attemptFetch(url, timeoutMs);
                },
                {
                    retries: attempts - 1,
                    minTimeout: pauseMs,
                    shouldRetry: ({ error }) => !(error instanceof FetchFailure && error.isFinal),
                    onFailedAttempt: async ({ error, retriesLeft }) => {
                        if (retriesLeft > 0) await sleep(serverPause(error));
                    },
                },
            );
        } catch (error) {
            const tried = attempt > 1 ? ` (${attempt} attempts)` : "";
            throw new UserError(`Cannot fetch ${url}: ${reasonOf(error)}${tried}; ${this.advice}.`);
        }
    }
}

/** How long, in milliseconds, the server wants to be left alone after a failure. */
export function serverPause(failure: unknown): number {
    return Math.min((failure instanceof FetchFailure && failure.retryAfterMs) || 0, MAX_PAUSE_MS);
}
