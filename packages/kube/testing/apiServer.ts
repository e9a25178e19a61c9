import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text as textOf } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { DRY_RUNS, KUBE_SYSTEM, MAY_EVERYTHING, NODES, type Reply, STORAGE_CLASSES, VERSION } from "./objects";

/** A reply that is known beforehand, or follows from the request's body. */
export type Replies = Readonly<Record<string, Reply | ((body: unknown) => Reply)>>;

/** An API server on loopback, over plain HTTP, that knows the paths it is told. */
export interface ApiServer {
    readonly url: string;
    /** Paths asked for, in their order; queries are left out. */
    readonly asked: string[];
    /** Method and query of each of these requests. */
    readonly methods: string[];
    readonly queries: Readonly<Record<string, string>>[];
    /** Headers of the last request. */
    headers: IncomingHttpHeaders;
    /** Replies that take the place of the server's own, by path with nothing escaped. */
    instead: Replies;
    /** Milliseconds before each answer. */
    delay: number;
    /** Lists come in pages of at most so many items. */
    pageSize: number;
    /** Resolves with the next request. */
    readonly nextRequest: () => Promise<void>;
    /** Resolves when no request is under way. */
    readonly idle: () => Promise<void>;
    readonly stop: () => Promise<void>;
}

const healthy: Replies = {
    [VERSION]: { body: { major: "1", minor: "33", gitVersion: "v1.33.1" } },
    [KUBE_SYSTEM]: { body: { metadata: { name: "kube-system", uid: "11111111-2222-4333-8444-555555555555" } } },
    [NODES]: { items: [] },
    ...MAY_EVERYTHING,
    ...DRY_RUNS,
    [STORAGE_CLASSES]: { items: [] },
};

/** Starts a server that ends with the test. What `replies` does not name is as in an empty cluster. */
export async function serveApi(replies: Replies = {}): Promise<ApiServer> {
    const api = await startApi(replies);
    onTestFinished(api.stop);
    return api;
}

/** Starts a server that runs until it is stopped; a path that neither it nor `replies` knows is not found. */
export async function startApi(replies: Replies): Promise<ApiServer> {
    let heard = () => {};
    let freed = () => {};
    const open = new Set<ServerResponse>();
    const server = createServer((request, response) => {
        const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
        api.asked.push(pathname);
        api.methods.push(request.method ?? "");
        api.queries.push(Object.fromEntries(searchParams));
        open.add(response);
        response.once("close", () => {
            open.delete(response);
            if (open.size === 0) freed();
        });
        api.headers = request.headers;
        heard();
        const path = decodeURIComponent(pathname);
        const reply = api.instead[path] ?? replies[path] ?? healthy[path] ?? { status: 404 };
        void answer(request, reply).then(async (said) => {
            if (api.delay > 0) await sleep(api.delay);
            if (said === "drop") return void request.socket.destroy();
            if (said === "silence") return;
            const [status, type, text] = render(said, Number(searchParams.get("continue") ?? 0), api.pageSize);
            response.writeHead(status, { "content-type": type }).end(text);
        });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const api: ApiServer = {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        asked: [],
        methods: [],
        queries: [],
        headers: {},
        instead: {},
        delay: 0,
        pageSize: Infinity,
        nextRequest: () => new Promise((resolve) => (heard = resolve)),
        idle: () => (open.size === 0 ? Promise.resolve() : new Promise((resolve) => (freed = resolve))),
        stop: () => {
            server.closeAllConnections();
            return new Promise((closed) => server.close(() => closed()));
        },
    };
    return api;
}

async function answer(request: IncomingMessage, reply: Replies[string]): Promise<Reply> {
    if (typeof reply !== "function") return reply;
    const body = await textOf(request);
    return reply(body === "" ? undefined : JSON.parse(body));
}

function render(reply: Exclude<Reply, string>, from: number, pageSize: number): [number, string, string] {
    if ("text" in reply) return [200, reply.type ?? "text/plain", reply.text];
    const [status, body] =
        "status" in reply
            ? [reply.status, failure(reply.status, reply.message)]
            : [200, "body" in reply ? reply.body : page(reply.items, from, pageSize)];
    return [status, "application/json", JSON.stringify(body)];
}

function page(items: readonly unknown[], from: number, size: number): object {
    const to = from + size;
    return { metadata: to < items.length ? { continue: String(to) } : {}, items: items.slice(from, to) };
}

function failure(code: number, message = `it failed with ${code}`) {
    return { kind: "Status", apiVersion: "v1", status: "Failure", message, code };
}
