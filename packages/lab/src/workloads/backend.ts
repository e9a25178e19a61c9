import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request as httpRequest } from "node:http";
import { type Hop, HOPS_HEADER, readHops } from "./hops";
import type { Origin } from "./settings";
import { ThrottledLog } from "./throttled-log";

/** What a backend said. */
export interface BackendAnswer {
    /** Its status; undefined if it did not answer. */
    readonly status: number | undefined;
    /** What it said with status 200; undefined otherwise. */
    readonly value: unknown;
    /** The hops that it reported. */
    readonly hops: readonly Hop[];
}

/** Longest answer that is read, in bytes. */
const ANSWER_LIMIT = 1024 * 1024;

/**
 * How long a connection waits for another request, in milliseconds: shorter than servers keep theirs (Envoy an hour, a
 * plain Node.js server 5 s), so that none closes it while a request is under way.
 */
const IDLE_MS = 4000;

/** A service that an application asks, over connections that are used again. */
export class Backend {
    private readonly agent = new Agent({ keepAlive: true, maxFreeSockets: 16, timeout: IDLE_MS });
    private readonly log = new ThrottledLog();
    private readonly name: string;
    private readonly origin: Origin;

    constructor(name: string, origin: Origin) {
        this.name = name;
        this.origin = origin;
    }

    /** Asks for JSON. A backend that fails is not an error here, but is told on standard error. */
    async get(path: string, headers: OutgoingHttpHeaders, timeoutMs: number): Promise<BackendAnswer> {
        try {
            const { response, text } = await this.ask(path, headers, Date.now() + timeoutMs);
            const hops = readHops(response.headers[HOPS_HEADER]);
            if (response.statusCode === 200) return { status: 200, value: JSON.parse(text), hops };
            this.logFailure(`answered ${response.statusCode}`);
            return { status: response.statusCode, value: undefined, hops };
        } catch (error) {
            this.logFailure((error as Error).message);
            return { status: undefined, value: undefined, hops: [] };
        }
    }

    close(): void {
        this.agent.destroy();
    }

    /** @param deadline in milliseconds since the epoch. */
    private async ask(
        path: string,
        headers: OutgoingHttpHeaders,
        deadline: number,
        again = true,
    ): Promise<{ response: IncomingMessage; text: string }> {
        const { host, port } = this.origin;
        const request = httpRequest({
            host,
            port,
            path,
            headers: { ...headers, accept: "application/json" },
            agent: this.agent,
        });
        let late = false;
        const timer = setTimeout(() => {
            late = true;
            request.destroy();
        }, deadline - Date.now());
        try {
            const response = await new Promise<IncomingMessage>((resolve, reject) => {
                request.once("response", resolve);
                // Stays: an error after the response ends the reading below, and must not end the process.
                request.on("error", reject);
                request.end();
            });
            return { response, text: await readAnswer(response) };
        } catch (error) {
            if (late) throw new Error("no answer in time");
            // The connection was closed while it waited: the server that ended took no request.
            if (again && request.reusedSocket && (error as NodeJS.ErrnoException).code === "ECONNRESET")
                return await this.ask(path, headers, deadline, false);
            throw error;
        } finally {
            clearTimeout(timer);
        }
    }

    private logFailure(reason: string): void {
        this.log.error(`${this.name} at ${this.origin.host}:${this.origin.port}: ${reason}`);
    }
}

async function readAnswer(response: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > ANSWER_LIMIT) throw new Error(`the answer is longer than ${ANSWER_LIMIT} bytes`);
        chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString("utf8");
}
