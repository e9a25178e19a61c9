import { createServer as createHttp, type RequestListener } from "node:http";
import { createServer as createHttps } from "node:https";
import { connect, createServer as createTcp, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { proxyFor } from "../src/proxy";
import { ask, listen, serve } from "./support/https";
import { data, makePki, type Pair } from "./support/pki";

/** What a proxy was asked: `CONNECT host:port` or `GET url`, and as whom. */
type Asked = string[];

/** An HTTP proxy that leads whatever it is asked to one port of this machine. */
async function httpProxy(to: number, tls?: Pair): Promise<{ host: string; asked: Asked }> {
    const asked: Asked = [];
    const note = (what: string, authorization?: string) =>
        asked.push(authorization === undefined ? what : `${what} as ${authorization}`);
    const answer: RequestListener = (request, response) => {
        note(`${request.method} ${request.url}`, request.headers["proxy-authorization"]);
        response.setHeader("content-type", "application/json").end("{}");
    };
    const server = tls ? createHttps({ cert: tls.cert, key: tls.key }, answer) : createHttp(answer);
    server.on("connect", (request, socket: Socket) => {
        note(`CONNECT ${request.url}`, request.headers["proxy-authorization"]);
        const upstream = connect(to, "127.0.0.1", () => {
            socket.write("HTTP/1.1 200 OK\r\n\r\n");
            upstream.pipe(socket).pipe(upstream);
        });
        for (const each of [socket, upstream]) each.on("error", () => each.destroy());
    });
    return { host: `127.0.0.1:${await listen(server)}`, asked };
}

/** A SOCKS5 proxy without authentication, likewise; it is asked for names, not for addresses. */
async function socksProxy(to: number): Promise<{ host: string; asked: Asked }> {
    const asked: Asked = [];
    const server = createTcp((socket) => {
        socket.on("error", () => socket.destroy());
        socket.once("data", () => {
            socket.write(Buffer.from([5, 0]));
            socket.once("data", (request: Buffer) => {
                asked.push(request.subarray(5, 5 + request[4]!).toString());
                const upstream = connect(to, "127.0.0.1", () => {
                    socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
                    upstream.pipe(socket).pipe(upstream);
                });
                upstream.on("error", () => upstream.destroy());
            });
        });
    });
    return { host: `127.0.0.1:${await listen(server)}`, asked };
}

const NAMES = ["HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"].flatMap((name) => [name, name.toLowerCase()]);
beforeEach(() => NAMES.forEach((name) => vi.stubEnv(name, undefined)));
afterEach(() => vi.unstubAllEnvs());

/** A server that only its proxies reach, by a name that nobody resolves. */
async function hidden() {
    const pki = makePki();
    const { port } = await serve(pki);
    const cluster = { server: "https://api.test:6443", "certificate-authority-data": data(pki.intermediate.cert) };
    return { pki, port, cluster };
}
const ANSWER = { gitVersion: "v1.33.1", authorization: "Bearer t" };
const USER = { token: "t" };

describe("a proxy", () => {
    it("of the kubeconfig leads to the server, as the user that its URL names", async () => {
        const { port, cluster } = await hidden();
        const { host, asked } = await httpProxy(port);
        expect(await ask({ ...cluster, "proxy-url": `http://me:hush%21@${host}` }, USER)).toMatchObject(ANSWER);
        expect(asked).toEqual([`CONNECT api.test:6443 as Basic ${data("me:hush!")}`]);
    });

    it.each(["HTTPS_PROXY", "https_proxy"])("of the environment does too: %s", async (name) => {
        const { port, cluster } = await hidden();
        const { host, asked } = await httpProxy(port);
        vi.stubEnv(name, host);
        expect(await ask(cluster, USER)).toMatchObject(ANSWER);
        expect(asked).toEqual(["CONNECT api.test:6443"]);
    });

    it("of the kubeconfig comes before the environment's", async () => {
        const { port, cluster } = await hidden();
        const [own, other] = [await httpProxy(port), await httpProxy(port)];
        vi.stubEnv("HTTPS_PROXY", `http://${other.host}`);
        await ask({ ...cluster, "proxy-url": `http://${own.host}` });
        expect([own.asked.length, other.asked.length]).toEqual([1, 0]);
    });

    it("may be met over TLS itself, by an authority that the system trusts", async () => {
        const { pki, port, cluster } = await hidden();
        const { host, asked } = await httpProxy(port, pki.server);
        vi.stubEnv("HTTPS_PROXY", `https://${host}`);
        await expect(ask(cluster, USER)).rejects.toThrow(
            `unable to get local issuer certificate (by the proxy https://${host})`,
        );
        vi.stubEnv("SSL_CERT_FILE", pki.intermediate.certFile);
        expect(await ask(cluster, USER)).toMatchObject(ANSWER);
        expect(asked).toEqual(["CONNECT api.test:6443"]);
    });

    it.each(["socks5", "socks5h"])("may be one of %s", async (scheme) => {
        const { port, cluster } = await hidden();
        const { host, asked } = await socksProxy(port);
        expect(await ask({ ...cluster, "proxy-url": `${scheme}://${host}` }, USER)).toMatchObject(ANSWER);
        expect(asked).toEqual(["api.test"]);
    });

    it("is told the whole URL of a server over plain HTTP", async () => {
        const { host, asked } = await httpProxy(1);
        vi.stubEnv("HTTP_PROXY", `http://${host}`);
        await ask({ server: "http://api.test:8001" });
        expect(asked).toEqual(["GET http://api.test:8001/version"]);
    });

    it("that is not there is named without its password", async () => {
        const { cluster } = await hidden();
        const failure = ask({ ...cluster, "proxy-url": "http://me:hush@127.0.0.1:1" });
        await expect(failure).rejects.toThrow(
            'The cluster of context "prod" (https://api.test:6443) cannot be reached: connect ECONNREFUSED 127.0.0.1:1 ' +
                "(by the proxy http://127.0.0.1:1); check",
        );
    });

    it.each(["ftp://me:hush@host", "://hush", "me:hush@host:1"])("is none: %s, which is not shown", async (url) => {
        const { cluster } = await hidden();
        const failure = ask({ ...cluster, "proxy-url": url });
        await expect(failure).rejects.toThrow(
            'The kubeconfig that is given as text names a proxy for cluster "their" that is no proxy\'s URL; allowed: ' +
                "http://, https:// and socks5:// with a host",
        );
        await expect(failure).rejects.not.toThrow("hush");
    });
});

describe("NO_PROXY", () => {
    const proxyOf = (server: string, noProxy: string) => {
        vi.stubEnv("HTTPS_PROXY", "http://proxy.test:3128");
        vi.stubEnv("NO_PROXY", noProxy);
        const context = { kubeconfig: "", name: "", clusterName: "", cluster: {}, userName: "", user: {} };
        return proxyFor(new URL(server), context)?.host;
    };

    it.each([
        ["https://api.test", "api.test"],
        ["https://api.test", "other, API.test"],
        ["https://api.corp.test", "corp.test"],
        ["https://api.corp.test", ".corp.test"],
        ["https://api.corp.test", "*.corp.test"],
        ["https://api.test", "*"],
        ["https://api.test:6443", "api.test:6443"],
        ["https://10.1.2.3:6443", "10.1.2.3"],
        ["https://10.1.2.3:6443", "10.0.0.0/8"],
        ["https://[fd00::1]:6443", "fd00::/8"],
        ["https://[fd00::1]:6443", "fd00::1"],
        ["https://127.0.0.1:6443", ""],
        ["https://[::1]:6443", ""],
        ["https://localhost:6443", ""],
    ])("leaves %s alone: %j", (server, noProxy) => {
        expect(proxyOf(server, noProxy)).toBeUndefined();
    });

    it.each([
        ["https://api.test", ""],
        ["https://api.test", "pi.test"],
        ["https://corp.test", ".corp.test"],
        ["https://api.test:6443", "api.test:443"],
        ["https://10.1.2.3:6443", "10.2.0.0/16, 10.0.0.0/99, fd00::/8"],
        ["https://110.1.2.3", "10.1.2.3"],
    ])("does not mean %s: %j", (server, noProxy) => {
        expect(proxyOf(server, noProxy)).toBe("proxy.test:3128");
    });
});
