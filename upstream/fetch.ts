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

/** What is used of a response, whichever `fetch` it comes from. */
type Answer = Pick<Response, "ok" | "status" | "statusText" | "arrayBuffer" | "text"> & {
    readonly headers: { get(name: string): string | null };
    readonly body: { cancel(): Promise<void> } | null;
};

/**
 * Fetches a URL once, through the proxy that `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` name, if any.
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
async function followRedirects(start: string, signal: AbortSignal): Promise<Answer> {
    let url = new URL(start);
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
        const response = await fetchThroughProxy(url, { redirect: "manual", signal });
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

function statusFailure({ status, statusText, headers }: Answer): FetchFailure {
    const seconds = Number(headers.get("retry-after") ?? Number.NaN);
    const retryAfterMs = Number.isFinite(seconds) ? seconds * 1000 : undefined;
    return new FetchFailure(`HTTP status ${status} ${statusText}`.trim(), status !== 429 && status < 500, retryAfterMs);
}

const PROXY_VARIABLES = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];

interface Asked {
    readonly method?: string;
    readonly headers?: Record<string, string>;
    readonly body?: string;
    readonly redirect: "manual";
    readonly signal: AbortSignal;
}

/** Node's own `fetch` heeds the proxy variables only from Node 24 on; undici's is loaded where one is set. */
export async function fetchThroughProxy(url: URL, init: Asked): Promise<Answer> {
    if (!PROXY_VARIABLES.some((name) => process.env[name])) return fetch(url, init);
    const { EnvHttpProxyAgent, fetch: fetchBy } = await import("undici");
    proxy ??= new EnvHttpProxyAgent();
    return fetchBy(url, { ...init, dispatcher: proxy });
}

let proxy: import("undici").Dispatcher | undefined;
