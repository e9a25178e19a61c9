import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type Handler, json, type Reply, RequestError } from "./exchange";
import { type Hop, hopOf, HOPS_HEADER, writeHops } from "./hops";

/**
 * How long an idle connection stays open, in milliseconds. Envoy keeps its connections for another request for an hour;
 * a server that closes one first may do so just when a request is under way on it, which the caller sees as a 503. With
 * two hours it is always Envoy that closes.
 */
const KEEP_ALIVE_MS = 2 * 3600_000;

/** What a server needs to know about whom it serves. */
export interface Served {
    readonly application: string;
    readonly pod: string;
    readonly handle: Handler;
    /** Whether the process is about to end: then every response says that its connection closes. */
    readonly draining: () => boolean;
}

/** @throws Error of Node.js, such as EADDRINUSE, if the port cannot be listened on. */
export async function listen(served: Served, port: number, address: string | undefined): Promise<Server> {
    const server = createServer((request, response) => {
        answer(served, request, response).catch((error: unknown) => {
            console.error(`${served.application}:`, error);
            response.destroy();
        });
    });
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    // Envoy may open a connection that it uses much later; Node.js would answer it with 408 after a minute.
    server.headersTimeout = 0;
    server.requestTimeout = 0;
    server.listen(port, address);
    await once(server, "listening");
    return server;
}

async function answer(served: Served, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { application, pod, handle } = served;
    const [path = "/"] = (request.url ?? "/").split("?");
    const xfcc = request.headers["x-forwarded-client-cert"];
    const hop = hopOf(application, pod, Array.isArray(xfcc) ? xfcc.join(",") : xfcc);
    let reply: Reply;
    try {
        reply = await handle({ method: request.method ?? "GET", path, hop, request });
    } catch (error) {
        // A caller that went away while its body was read waits for no answer.
        if (request.destroyed && !request.complete) return;
        reply = failure(error, application);
    }
    send(response, reply, hop, served.draining());
}

function send(response: ServerResponse, { status, headers, body, hops = [] }: Reply, hop: Hop, closing: boolean): void {
    response.writeHead(status, {
        ...headers,
        "Content-Length": Buffer.byteLength(body),
        [HOPS_HEADER]: writeHops([hop, ...hops]),
        ...(closing ? { Connection: "close" } : {}),
    });
    response.end(body);
}

function failure(error: unknown, application: string): Reply {
    if (!(error instanceof RequestError)) {
        console.error(`${application}:`, error);
        return json({ error: `${application} failed to answer; its log says why.` }, 500);
    }
    const reply = json({ error: error.message }, error.status);
    return { ...reply, headers: { ...reply.headers, ...error.headers } };
}
