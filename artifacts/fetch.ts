const MAX_REDIRECTS = 5;

/** An answer that is not the file. */
export class FetchFailure extends Error {
    /**
     * @param isFinal whether another attempt would get the same answer.
     * @param retryAfterMs how long the server wants to be left alone, if it said so in seconds.
     */
    constructor(
        message: string,
        readonly isFinal: boolean,
        readonly retryAfterMs?: number,
    ) {
        super(message);
    }
}

/**
 * Fetches a URL once.
 * @param timeoutMs time limit, redirects and body included.
 * @throws FetchFailure for an answer that is not the file; any other error is the network's.
 */
export async function attemptFetch(url: string, timeoutMs: number): Promise<Buffer> {
    const signal = AbortSignal.timeout(timeoutMs);
    try {
        const response = await followRedirects(url, signal);
        return Buffer.from(await response.arrayBuffer());
    } catch (error) {
        if (signal.aborted) throw new FetchFailure(`no complete answer within ${timeoutMs / 1000} s`, false);
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
        if (response.status < 300 || response.status >= 400 || location === null) throw statusFailure(response);
        const target = new URL(location, url);
        if (url.protocol === "https:" && target.protocol !== "https:") {
            throw new FetchFailure(`it redirects to ${target.href}, which is not HTTPS`, true);
        }
        url = target;
    }
    throw new FetchFailure(`more than ${MAX_REDIRECTS} redirects`, true);
}

function statusFailure({ status, statusText, headers }: Response): FetchFailure {
    const seconds = Number(headers.get("retry-after") ?? Number.NaN);
    const retryAfterMs = Number.isFinite(seconds) ? seconds * 1000 : undefined;
    return new FetchFailure(`HTTP status ${status} ${statusText}`.trim(), status !== 429 && status < 500, retryAfterMs);
}
