import http from "node:http";
import https from "node:https";
import { ConnectionError, apiError } from "./errors";
import type { Credentials } from "./credentials";

export interface Call {
    method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
    query?: Record<string, string | undefined>;
    /** sent as JSON */
    body?: unknown;
    contentType?: string;
    accept?: string;
    signal?: AbortSignal | undefined;
}

/** Requests at once; watches have their own connections. */
const MAX_CONNECTIONS = 64;
const MAX_THROTTLED_TRIES = 10;

/** HTTP to one API server: one way for every kind, over connections that are kept. */
export class HttpClient {
    private readonly base: URL;
    private readonly agent: http.Agent;
    private readonly watchAgent: http.Agent;

    /** @param server the API server's URL */
    constructor(
        server: string,
        private readonly who: Credentials,
        private readonly userAgent: string,
    ) {
        this.base = new URL(server);
        const make = (maxSockets: number): http.Agent =>
            this.base.protocol === "https:"
                ? new https.Agent({ keepAlive: true, maxSockets, ...who.tls })
                : new http.Agent({ keepAlive: true, maxSockets });
        this.agent = make(MAX_CONNECTIONS);
        this.watchAgent = make(Infinity);
    }

    /**
     * @returns the JSON that the server answers
     * @throws ApiError when the server refuses, ConnectionError when it cannot be reached
     */
    async json(path: string, call: Call = {}): Promise<unknown> {
        for (let tries = 1; ; tries += 1) {
            const response = await this.send(path, call, this.agent);
            const body = await bodyOf(response);
            const code = response.statusCode ?? 0;
            if (code < 400) return body ? JSON.parse(body) : {};
            if (code !== 429 || tries >= MAX_THROTTLED_TRIES) throw apiError(code, body);
            await new Promise((resolve) => setTimeout(resolve, Number(response.headers["retry-after"] ?? 1) * 1000));
        }
    }

    /** The lines of an answer that goes on, as they come. */
    async *lines(path: string, call: Call): AsyncGenerator<string> {
        const response = await this.send(path, call, this.watchAgent);
        if ((response.statusCode ?? 0) >= 400) throw apiError(response.statusCode ?? 0, await bodyOf(response));
        response.setEncoding("utf8");
        let rest = "";
        for await (const chunk of response) {
            const parts = (rest + (chunk as string)).split("\n");
            rest = parts.pop() as string;
            yield* parts.filter(Boolean);
        }
    }

    private send(path: string, call: Call, agent: http.Agent, retried = false): Promise<http.IncomingMessage> {
        const url = this.url(path, call.query);
        const body = call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body));
        const headers: http.OutgoingHttpHeaders = {
            accept: call.accept ?? "application/json",
            "user-agent": this.userAgent,
            ...this.who.headers,
            ...(body ? { "content-type": call.contentType ?? "application/json", "content-length": body.length } : {}),
        };
        return new Promise((resolve, reject) => {
            const request = (url.protocol === "https:" ? https : http).request(
                url,
                { method: call.method ?? "GET", agent, headers, ...(call.signal ? { signal: call.signal } : {}) },
                resolve,
            );
            request.once("error", (error: NodeJS.ErrnoException) => {
                // The server may close a kept connection just when it is used again.
                if (request.reusedSocket && error.code === "ECONNRESET" && !retried) {
                    this.send(path, call, agent, true).then(resolve, reject);
                } else reject(this.connectionError(call.method ?? "GET", url, error));
            });
            request.end(body);
        });
    }

    private url(path: string, query: Call["query"] = {}): URL {
        const url = new URL(this.base.pathname.replace(/\/$/, "") + path, this.base);
        for (const [key, value] of Object.entries(query)) if (value !== undefined) url.searchParams.append(key, value);
        return url;
    }

    private connectionError(method: string, url: URL, error: NodeJS.ErrnoException): Error {
        if (error.name === "AbortError") return error;
        const address = `${url.hostname}:${url.port || (url.protocol === "https:" ? 443 : 80)}`;
        const verb = method[0] + method.slice(1).toLowerCase();
        const cause =
            error.code === "ECONNREFUSED" ? `dial tcp ${address}: connect: connection refused` : error.message;
        return new ConnectionError(`${verb} "${url.href}": ${cause}`);
    }
}

async function bodyOf(response: http.IncomingMessage): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString("utf8");
}

