import type { Client } from "undici";
import { reasonOf } from "@istio-on-pulumi/kube";

export interface SendOptions {
    /** What is asked for; `http:` or `https:`. */
    readonly url: URL;
    /** How many requests are sent at most. */
    readonly requests: number;
    /** How many are under way at the same time. */
    readonly concurrency: number;
    /** How long one may take from connecting to the answer's last byte, in milliseconds. */
    readonly timeout: number;
    /** Whether a connection serves more than one request. */
    readonly keepAlive: boolean;
    /** Ends the sending: what is under way is cut off and counted as such. */
    readonly signal?: AbortSignal;
}

/** What became of one request. */
export type Sample =
    | {
          readonly kind: "answer";
          readonly status: number;
          /** From connecting to the answer's last byte, in milliseconds. */
          readonly time: number;
          /** The beginning of its body; empty where the status is not 2xx. */
          readonly body: string;
          readonly header: (name: string) => string | undefined;
      }
    | { readonly kind: "timeout" }
    /** No answer: the connection did not come about, or broke. */
    | { readonly kind: "connection"; readonly reason: string };

export interface Sending {
    readonly ended: "complete" | "interrupted" | "gave up";
    readonly sent: number;
    /** Of those sent, what was under way when the sending was interrupted. */
    readonly cutOff: number;
    /** In milliseconds. */
    readonly duration: number;
}

/** So many requests without a single answer are enough to know that nothing answers. */
const GIVE_UP_AFTER = 20;
/** More than any product page has, in bytes; the rest of a longer body is not read. */
const MOST_BODY = 2 ** 20;

/**
 * Sends GET requests, a new connection for each unless told otherwise, and hands over what became of each as soon as
 * it is known.
 */
export async function sendRequests(options: SendOptions, onSample: (sample: Sample) => void): Promise<Sending> {
    const { requests, concurrency, signal, keepAlive } = options;
    const { Client } = await import("undici");
    // With pipelining 0 a connection serves one request. The time limit is that of the whole request, kept by whoever
    // sends it.
    const makeClient = () =>
        new Client(options.url.origin, {
            pipelining: keepAlive ? 1 : 0,
            headersTimeout: 0,
            bodyTimeout: 0,
            connect: { timeout: 0 },
        });
    const underWay = new Set<Client>();
    const stop = () => underWay.forEach(cut);
    const start = performance.now();
    let sent = 0;
    let cutOff = 0;
    let answered = 0;
    let failed = 0;
    const givenUp = () => answered === 0 && failed >= Math.max(GIVE_UP_AFTER, concurrency);
    const work = async () => {
        let client = makeClient();
        while (sent < requests && !signal?.aborted && !givenUp()) {
            sent++;
            underWay.add(client);
            const sample = await sendOne(options, client);
            underWay.delete(client);
            if (client.destroyed) client = makeClient();
            if (sample.kind !== "answer" && signal?.aborted) {
                cutOff++;
                continue;
            }
            if (sample.kind === "answer") answered++;
            else failed++;
            onSample(sample);
        }
        cut(client);
    };
    signal?.addEventListener("abort", stop);
    try {
        await Promise.all(Array.from({ length: Math.min(concurrency, requests) }, work));
    } finally {
        signal?.removeEventListener("abort", stop);
        // Where one worker threw, the others must not go on.
        stop();
    }
    const complete = sent === requests && cutOff === 0;
    return {
        ended: complete ? "complete" : signal?.aborted ? "interrupted" : "gave up",
        sent,
        cutOff,
        duration: performance.now() - start,
    };
}

/**
 * Closes a client's connection and fails what waits for it, also while it connects, where a request's own signal does
 * not reach.
 */
const cut = (client: Client) => void client.destroy().catch(() => undefined);

async function sendOne({ url, timeout }: SendOptions, client: Client): Promise<Sample> {
    let late = false;
    const timer = setTimeout(() => {
        late = true;
        cut(client);
    }, timeout);
    const start = performance.now();
    try {
        const { statusCode, headers, body } = await client.request({
            method: "GET",
            path: url.pathname + url.search,
            headers: HEADERS,
        });
        const text = await readBody(body, statusCode >= 200 && statusCode < 300);
        const time = performance.now() - start;
        return {
            kind: "answer",
            status: statusCode,
            time,
            body: text,
            header: (name) => [headers[name] ?? []].flat()[0],
        };
    } catch (error) {
        return late ? { kind: "timeout" } : { kind: "connection", reason: connectionReason(error) };
    } finally {
        clearTimeout(timer);
    }
}

const HEADERS = { accept: "text/html", "user-agent": "istio-on-pulumi-inspect" };

async function readBody(body: AsyncIterable<Uint8Array>, keep: boolean): Promise<string> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of body) {
        size += chunk.length;
        if (keep) chunks.push(chunk);
        if (size > MOST_BODY) break;
    }
    return Buffer.concat(chunks).toString("utf8");
}

/** Where several addresses were tried, the error's own message is empty and its code says what it was. */
function connectionReason(error: unknown): string {
    const reason = reasonOf(error);
    const { code } = error as { code?: unknown };
    return reason === "AggregateError" && typeof code === "string" ? code : reason;
}
