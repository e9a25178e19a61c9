import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "./lab-objects";

/** One answer, or the reason why there was none. */
export interface Answered {
    readonly status: number;
    readonly headers: Readonly<Record<string, string | string[] | undefined>>;
    readonly body: string;
}

export interface RequestOptions {
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
    /** In milliseconds; default 10 s. */
    readonly timeoutMs?: number;
}

/** One request on a connection of its own. @throws Error naming why there was no answer */
export function ask(
    url: string,
    { method = "GET", headers = {}, body, timeoutMs = 10_000 }: RequestOptions = {},
): Promise<Answered> {
    return new Promise((resolve, reject) => {
        const sent = request(url, { method, headers, agent: false, timeout: timeoutMs }, (response) => {
            let text = "";
            response.setEncoding("utf8").on("data", (part: string) => (text += part));
            response
                .on("error", reject)
                .on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
        });
        sent.on("timeout", () => sent.destroy(new Error(`no answer in ${timeoutMs / 1000} s`)));
        sent.on("error", reject).end(body);
    });
}

/** Waits until a URL is answered with 200: pods, rules and proxies take a moment to hear of each other. */
export async function untilAnswered(url: string): Promise<void> {
    await eventually(
        () =>
            ask(url).then(
                ({ status }) => status,
                (error: Error) => error.message,
            ),
        (seen) => seen === 200,
        `${url} is answered with 200`,
    );
}

/** What a load saw. */
export interface LoadReport {
    readonly sent: number;
    /** A line for each request that was not answered with 200, with the time since the start. */
    readonly failures: readonly string[];
    /** Seconds from the first to the last that failed; 0 where none did. */
    readonly unavailable: number;
}

/** Requests one after the other, several at a time, until it is told to stop. */
export class Load {
    private sent = 0;
    private readonly failures: { after: number; reason: string }[] = [];
    private readonly since = Date.now();
    private stopped = false;
    private readonly workers: Promise<void>[];

    constructor(
        private readonly url: string,
        concurrency = 3,
    ) {
        this.workers = Array.from({ length: concurrency }, () => this.work());
    }

    /** How many requests were answered or failed so far. */
    get count(): number {
        return this.sent;
    }

    get failed(): number {
        return this.failures.length;
    }

    /** Waits for so many more requests: for what happens afterwards to have a load before it. */
    async more(count: number): Promise<void> {
        const wanted = this.sent + count;
        while (this.sent < wanted) await sleep(20);
    }

    /** Ends when the requests that are under way have ended. */
    async stop(): Promise<LoadReport> {
        this.stopped = true;
        await Promise.all(this.workers);
        const times = this.failures.map(({ after }) => after);
        return {
            sent: this.sent,
            failures: this.failures.map(({ after, reason }) => `after ${after.toFixed(1)} s: ${reason}`),
            // At least the time for which a client that asks all the while would notice.
            unavailable: times.length === 0 ? 0 : Math.max(0.1, Math.max(...times) - Math.min(...times)),
        };
    }

    private async work(): Promise<void> {
        while (!this.stopped) {
            const outcome = await ask(this.url).then(
                ({ status, body }) => (status === 200 ? undefined : `HTTP ${status} ${body.slice(0, 80)}`),
                (error: Error) => error.message,
            );
            this.sent += 1;
            if (outcome === undefined) continue;
            this.failures.push({ after: (Date.now() - this.since) / 1000, reason: outcome });
            // A server that refuses would be asked thousands of times a second.
            await sleep(20);
        }
    }
}

/** Does something while requests are on their way, and waits for some more after it. */
export async function underLoad(url: string, action: () => Promise<unknown>): Promise<LoadReport> {
    const load = new Load(url);
    try {
        await load.more(30);
        await action();
        await load.more(30);
    } finally {
        await load.stop();
    }
    return load.stop();
}
