import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { Dispatcher } from "undici";
import { authorizationHeaders, endedLogin, type Headers, makeLogin } from "./authorization";
import { proxySecureContext, secureContextOf } from "./certificates";
import { UserError } from "./errors";
import type { KubeconfigContext } from "./kubeconfig";
import type { Login } from "./login";
import { proxyFor } from "./proxy";

/** What is asked; the path may hold a query. */
export interface Request {
    readonly method: "GET" | "POST" | "PATCH" | "DELETE";
    readonly path: string;
    readonly accept: string;
    readonly contentType?: string;
    readonly body?: string;
}

/** What came back, whatever its status. */
export interface Response {
    readonly status: number;
    readonly contentType: string;
    readonly text: string;
}

/** Sends requests to one API server as one user. */
export interface Transport {
    /** The server without a user's name or password. */
    readonly server: string;
    /** The proxy on the way, to be told in errors. */
    readonly proxy?: string;
    /** Sends one; its time limit is in milliseconds, and a login before it takes its own time. */
    readonly send: (request: Request, timeLimit: number) => Promise<Response>;
    /** Says of the last login that its time is over or has not come; `undefined` where nothing tells. */
    readonly endedLogin: () => string | undefined;
}

/** Connections to one server at the same time. */
const CONNECTIONS = 16;
/** Node gives one of several addresses a quarter of a second only, which a distant server's does not answer in. */
const ADDRESS_PATIENCE = 5_000;

/**
 * Makes the transport of a context.
 *
 * @param patience how long a connection may take to come about, in milliseconds
 */
export function makeTransport(context: KubeconfigContext, patience: number): Transport {
    const server = serverOf(context);
    const proxy = proxyFor(server, context);
    const login = makeLogin(context);
    const base = server.pathname.replace(/\/+$/, "");
    let made: { readonly login: Login; readonly dispatcher: Promise<Dispatcher> } | undefined;

    return {
        server: shown(server),
        ...(proxy && { proxy: shown(proxy) }),
        endedLogin: () => endedLogin(context, made?.login ?? {}),
        send: async (asked, timeLimit) => {
            const current = await login();
            // Another login may have brought another client certificate.
            if (made?.login !== current) {
                made?.dispatcher.then((dispatcher) => dispatcher.close()).catch(() => undefined);
                made = { login: current, dispatcher: makeDispatcher(context, server, proxy, current, patience) };
            }
            const dispatcher = await made.dispatcher;
            const headers = authorizationHeaders(context, current, server);
            const deadline = Date.now() + timeLimit;
            for (;;) {
                const signal = AbortSignal.timeout(Math.max(deadline - Date.now(), 0));
                const answer = await ask(dispatcher, server.origin + base, asked, headers, signal);
                // A busy server says when to come back, and kubectl does.
                const pause = Number(answer.headers["retry-after"]) * 1000;
                if (answer.statusCode !== 429 || !(Date.now() + pause < deadline)) return read(answer);
                await answer.body.dump();
                await wait(pause);
            }
        },
    };
}

async function ask(
    dispatcher: Dispatcher,
    base: string,
    { method, path, accept, contentType, body }: Request,
    authorization: Headers,
    signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
    const { request } = await import("undici");
    const headers = {
        ...authorization,
        accept,
        "accept-encoding": "gzip",
        ...(contentType !== undefined && { "content-type": contentType }),
    };
    return request(base + path, { dispatcher, method, headers, body, signal });
}

async function read({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<Response> {
    const bytes = Buffer.from(await body.arrayBuffer());
    const plain = headers["content-encoding"] === "gzip" ? await promisify(gunzip)(bytes) : bytes;
    return { status: statusCode, contentType: String(headers["content-type"] ?? ""), text: plain.toString("utf8") };
}

/** Without a scheme it is plain HTTP, unless certificates say otherwise; so kubectl reads it. */
function serverOf({ cluster, clusterName, kubeconfig, user }: KubeconfigContext): URL {
    const value = cluster.server ?? "";
    const secure = [
        cluster["certificate-authority"],
        cluster["certificate-authority-data"],
        cluster["insecure-skip-tls-verify"],
        user["client-certificate"],
        user["client-certificate-data"],
    ].some(Boolean);
    const text = value.includes("://") ? value : `${secure ? "https" : "http"}://${value}`;
    const url = value !== "" && URL.canParse(text) ? new URL(text) : undefined;
    if (!url || !/^https?:$/.test(url.protocol))
        throw new UserError(
            `${kubeconfig} names no server for cluster ${JSON.stringify(clusterName)} that is a URL of http:// or ` +
                "https://; repair the file",
        );
    return url;
}

/** A URL as the user wrote it, but without a password. */
const shown = ({ protocol, host, pathname }: URL) => `${protocol}//${host}${pathname.replace(/\/+$/, "")}`;

async function makeDispatcher(
    context: KubeconfigContext,
    server: URL,
    proxy: URL | undefined,
    login: Login,
    patience: number,
): Promise<Dispatcher> {
    const { Agent, ProxyAgent } = await import("undici");
    const { cluster } = context;
    const socket = { timeout: patience, autoSelectFamilyAttemptTimeout: ADDRESS_PATIENCE };
    const connect = {
        ...socket,
        ...(server.protocol === "https:" && {
            secureContext: secureContextOf(context, login),
            servername: cluster["tls-server-name"] || undefined,
            rejectUnauthorized: cluster["insecure-skip-tls-verify"] !== true,
        }),
    };
    // The time limit of a request is the only one.
    const limits = { connections: CONNECTIONS, headersTimeout: 0, bodyTimeout: 0 };
    if (!proxy) return new Agent({ ...limits, connect });
    return new ProxyAgent({
        ...limits,
        uri: proxy.href,
        requestTls: connect,
        // undici takes these for a sign that a SOCKS proxy speaks TLS.
        ...(proxy.protocol !== "socks5:" && {
            proxyTls: { ...socket, ...(proxy.protocol === "https:" && { secureContext: proxySecureContext() }) },
        }),
        proxyTunnel: server.protocol === "https:",
    });
}
