import type { IncomingMessage } from "node:http";
import type { Hop } from "./hops";

/** A request as a handler sees it. */
export interface Exchange {
    readonly method: string;
    /** Path without the query, percent-encoded as it came. */
    readonly path: string;
    /** The way that the request took to this application. */
    readonly hop: Hop;
    /** The request itself: headers, socket, body. */
    readonly request: IncomingMessage;
}

/** What a handler answers. */
export interface Reply {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body: string;
    /** What the backends reported that were asked on the way. */
    readonly hops?: readonly Hop[];
}

export type Handler = (exchange: Exchange) => Reply | Promise<Reply>;

export function json(value: unknown, status = 200, hops: readonly Hop[] = []): Reply {
    return { status, headers: { "Content-Type": "application/json" }, body: JSON.stringify(value), hops };
}

/** A request that cannot be answered as it is; the message is one sentence for whoever asked. */
export class RequestError extends Error {
    override readonly name = "RequestError";
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;

    constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
        super(message);
        this.status = status;
        this.headers = headers;
    }
}
