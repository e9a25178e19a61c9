import { setTimeout as sleep } from "node:timers/promises";
import type { ChecksumCache } from "./cache";
import { reasonOf, UpstreamFileError } from "./error";
import { treeOf, type Lock, type LockedFile } from "./lock";
import { verified, type Source } from "./source";

/** How upstream is asked. */
export interface HttpsOptions {
  /** Time limit of one attempt, body included, in milliseconds; default: 20 s. */
  readonly timeoutMs?: number;
  /** Attempts at one file; default: 3. Only a failure that may pass (network, time limit, status 429 or 5xx) is tried again. */
  readonly attempts?: number;
  /** Pause before the second attempt in milliseconds, doubled for each later one; default: 500. */
  readonly pauseMs?: number;
}

const MAX_REDIRECTS = 5;
const HINT =
  'if this machine cannot reach upstream, write a bundle with "npm run bundle -- <dir>" on one that can and name it with "pulumi config set bundle <dir>"';

/** A failed attempt. */
class Attempt extends Error {
  constructor(
    message: string,
    readonly mayPass: boolean,
  ) {
    super(message);
  }
}

/** Fetches from upstream and keeps what it fetched in a cache. */
export class HttpsSource implements Source {
  constructor(
    private readonly lock: Lock,
    private readonly cache: ChecksumCache,
    private readonly options: HttpsOptions = {},
  ) {}

  async read(path: string, file: LockedFile): Promise<Buffer> {
    const { tree, pathInTree } = treeOf(this.lock, path);
    const url = `${tree.baseUrl}/${pathInTree}`;
    const provenance = { where: url, remedy: `upstream's file or something on the way to it was changed, so do not use it; ${HINT}` };
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
    for (let attempt = 1; ; attempt++) {
      try {
        return await attemptFetch(url, timeoutMs);
      } catch (error) {
        const passing = !(error instanceof Attempt) || error.mayPass;
        if (!passing || attempt >= attempts) {
          throw new UpstreamFileError(`Cannot fetch ${url}: ${reasonOf(error)}${attempt > 1 ? ` (${attempt} attempts)` : ""}; ${HINT}.`);
        }
        await sleep(pauseMs * 2 ** (attempt - 1));
      }
    }
  }
}

async function attemptFetch(url: string, timeoutMs: number): Promise<Buffer> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const response = await followRedirects(url, signal);
    return Buffer.from(await response.arrayBuffer());
  } catch (error) {
    if (signal.aborted) throw new Attempt(`no complete answer within ${timeoutMs / 1000} s`, true);
    throw error;
  }
}

/** Follows redirects by hand, because `fetch` alone would follow one from https to http. */
async function followRedirects(start: string, signal: AbortSignal): Promise<Response> {
  let url = new URL(start);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const response = await fetch(url, { redirect: "manual", signal });
    if (response.ok) return response;
    await response.body?.cancel();
    const location = response.headers.get("location");
    if (response.status < 300 || response.status >= 400 || location === null) {
      const mayPass = response.status === 429 || response.status >= 500;
      throw new Attempt(`HTTP status ${response.status} ${response.statusText}`.trim(), mayPass);
    }
    const target = new URL(location, url);
    if (url.protocol === "https:" && target.protocol !== "https:") {
      throw new Attempt(`it redirects to ${target.href}, which is not HTTPS`, false);
    }
    url = target;
  }
  throw new Attempt(`more than ${MAX_REDIRECTS} redirects`, false);
}
