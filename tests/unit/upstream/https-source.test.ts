import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { UpstreamFiles } from "../../../upstream";
import { defaultCacheDir } from "../../../upstream/cache";
import { attemptFetch, FetchFailure } from "../../../upstream/fetch";
import { type HttpsOptions, serverPause } from "../../../upstream/https-source";
import { sha256 } from "../../../upstream/lock-format";
import {
    EDITED,
    EDITED_TEXT,
    failureOf,
    lockOf,
    PLAIN,
    serve,
    tempDir,
    TREE,
    unreachable,
    upstreamOf,
    withoutProxy,
} from "./fixture";

const QUICK: HttpsOptions = { pauseMs: 1 };
const PLAIN_SUM = lockOf().files[PLAIN]!.sha256;

function openUpstream(url: string, cacheDir = tempDir(), https: HttpsOptions = QUICK) {
    return UpstreamFiles.open({ projectDir: tempDir(), cacheDir, lock: lockOf(url), https });
}

withoutProxy();

describe("UpstreamFiles from upstream", () => {
    it("fetches a file from its tree's URL", async () => {
        const { url, requests } = await serve(upstreamOf());
        const files = openUpstream(url);
        expect(await files.text(PLAIN)).toBe(TREE[PLAIN]);
        expect(await files.text("gateway-api-v1.2.1/config/crd/kustomization.yaml")).toBe("resources: []\n");
        expect(requests).toEqual(["/istio/samples/addons/kiali.yaml", "/gateway-api/config/crd/kustomization.yaml"]);
    });

    it("edits what it fetches as the release does", async () => {
        const { url } = await serve(upstreamOf());
        expect(await openUpstream(url).text(EDITED)).toBe(EDITED_TEXT);
    });

    it("refuses a file with another checksum, does not ask again and does not keep it", async () => {
        const { url, requests } = await serve(upstreamOf({ ...TREE, [PLAIN]: "changed\n" }));
        const cacheDir = tempDir();
        const message = await failureOf(openUpstream(url, cacheDir).text(PLAIN));
        expect(message).toContain(
            `${url}/istio/samples/addons/kiali.yaml has the wrong checksum ` +
                `(SHA-256 ${sha256(Buffer.from("changed\n"))}`,
        );
        expect(message).toContain("npm run bundle -- <dir>");
        expect(requests).toHaveLength(1);
        expect(readdirSync(cacheDir)).toEqual([]);
    });

    it("reports a missing file with URL and status, without asking again", async () => {
        const { url, requests } = await serve(upstreamOf({}));
        expect(await failureOf(openUpstream(url).text(PLAIN))).toBe(
            `UserError: Cannot fetch ${url}/istio/samples/addons/kiali.yaml: HTTP status 404 Not Found; ` +
                'if this machine cannot reach upstream, write a bundle with "npm run bundle -- <dir>" on one that ' +
                'can and name it with "pulumi config set bundle <dir>".',
        );
        expect(requests).toHaveLength(1);
    });

    it.each([503, 429])("tries again after status %i", async (status) => {
        const { url, requests } = await serve((request, response) => {
            if (requests.length < 3) response.writeHead(status, { "retry-after": "0" }).end();
            else upstreamOf()(request, response);
        });
        expect(await openUpstream(url).text(PLAIN)).toBe(TREE[PLAIN]);
        expect(requests).toHaveLength(3);
    });

    it("waits as long as the server says before it tries again, and then twice as long each time", async () => {
        const times: number[] = [];
        const { url } = await serve((_, response) => {
            times.push(performance.now());
            response.writeHead(503, times.length === 1 ? { "retry-after": "1" } : {}).end();
        });
        await failureOf(openUpstream(url, tempDir(), { pauseMs: 200 }).text(PLAIN));
        const [first, second, third] = times as [number, number, number];
        expect(second - first).toBeGreaterThanOrEqual(1190);
        expect(third - second).toBeGreaterThanOrEqual(390);
    });

    it("never waits very long, and not at all where the server says nothing", () => {
        expect(serverPause(new FetchFailure("busy", false, 3000))).toBe(3000);
        expect(serverPause(new FetchFailure("busy", false, 3_600_000))).toBe(15_000);
        expect(serverPause(new FetchFailure("busy", false))).toBe(0);
        expect(serverPause(new TypeError("fetch failed"))).toBe(0);
    });

    it("learns from Retry-After how long the server wants to be left alone", async () => {
        const { url } = await serve((_, response) => response.writeHead(429, { "retry-after": "7" }).end());
        await expect(attemptFetch(url, 5000)).rejects.toMatchObject({ isFinal: false, retryAfterMs: 7000 });
    });

    it("gives up after three attempts", async () => {
        const { url, requests } = await serve((_, response) => response.writeHead(502).end());
        expect(await failureOf(openUpstream(url).text(PLAIN))).toContain("HTTP status 502 Bad Gateway (3 attempts);");
        expect(requests).toHaveLength(3);
    });

    it("tries again after a broken connection", async () => {
        const { url, requests } = await serve((request, response) => {
            if (requests.length === 1) request.socket.destroy();
            else upstreamOf()(request, response);
        });
        expect(await openUpstream(url).text(PLAIN)).toBe(TREE[PLAIN]);
    });

    it.each([
        ["a server that does not answer", false],
        ["an answer that does not end", true],
    ])("sets %s a time limit", async (_, begins) => {
        const { url } = await serve((__, response) => {
            if (begins) response.writeHead(200).write("kind");
        });
        const message = await failureOf(
            openUpstream(url, tempDir(), { timeoutMs: 50, attempts: 2, pauseMs: 1 }).text(PLAIN),
        );
        expect(message).toContain("no complete answer within 0.05 s (2 attempts);");
    });

    it("reports a server that cannot be reached", async () => {
        const url = await unreachable();
        const message = await failureOf(openUpstream(url).text(PLAIN));
        expect(message).toContain(`Cannot fetch ${url}/istio/samples/addons/kiali.yaml: connect ECONNREFUSED`);
        expect(message).toContain("(3 attempts); if this machine cannot reach upstream");
    });

    it("follows a redirect", async () => {
        const target = await serve(upstreamOf());
        const { url } = await serve((request, response) =>
            response.writeHead(302, { location: `${target.url}${request.url}` }).end(),
        );
        expect(await openUpstream(url).text(PLAIN)).toBe(TREE[PLAIN]);
    });

    it("refuses a redirect that does not end", async () => {
        const { url, requests } = await serve((_, response) => response.writeHead(302, { location: "/again" }).end());
        expect(await failureOf(openUpstream(url).text(PLAIN))).toContain("more than 5 redirects;");
        expect(requests).toHaveLength(6);
    });

    it("refuses a redirect from HTTPS to HTTP", async () => {
        const answer = new Response(null, { status: 302, headers: { location: "http://127.0.0.1:1/file" } });
        vi.stubGlobal(
            "fetch",
            vi.fn(() => Promise.resolve(answer)),
        );
        onTestFinished(() => void vi.unstubAllGlobals());
        expect(await failureOf(openUpstream("https://upstream.test").text(PLAIN))).toContain(
            "it redirects to http://127.0.0.1:1/file, which is not HTTPS;",
        );
        expect(fetch).toHaveBeenCalledOnce();
    });
});

describe("the proxy", () => {
    it("is the one that HTTP_PROXY names, except for hosts in NO_PROXY", async () => {
        const target = await serve(upstreamOf());
        const { port } = new URL(target.url);
        const tunnels: string[] = [];
        const proxy = createServer((_, response) => response.writeHead(405).end());
        proxy.on("connect", (request, socket) => {
            tunnels.push(request.url ?? "");
            const upstream = connect(Number(port), "127.0.0.1", () => {
                socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
                upstream.pipe(socket).pipe(upstream);
            });
        });
        await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
        onTestFinished(() => void proxy.close());
        vi.stubEnv("HTTP_PROXY", `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
        vi.stubEnv("NO_PROXY", "127.0.0.1");

        expect(await openUpstream("http://upstream.test").text(PLAIN)).toBe(TREE[PLAIN]);
        expect(tunnels).toEqual(["upstream.test:80"]);
        expect(await openUpstream(target.url).text(PLAIN)).toBe(TREE[PLAIN]);
        expect(tunnels).toHaveLength(1);
    });
});

describe("the cache", () => {
    it("answers without asking upstream, with the bytes as upstream has them", async () => {
        const cacheDir = tempDir();
        const { url, requests } = await serve(upstreamOf());
        await openUpstream(url, cacheDir).text(EDITED);
        expect(readFileSync(join(cacheDir, lockOf().files[EDITED]!.upstreamSha256!), "utf8")).toBe(TREE[EDITED]);
        expect(await openUpstream(url, cacheDir).text(EDITED)).toBe(EDITED_TEXT);
        expect(requests).toHaveLength(1);
    });

    it("replaces a damaged entry", async () => {
        const cacheDir = tempDir();
        const entry = join(cacheDir, PLAIN_SUM);
        writeFileSync(entry, "damaged");
        const { url, requests } = await serve(upstreamOf());
        expect(await openUpstream(url, cacheDir).text(PLAIN)).toBe(TREE[PLAIN]);
        expect(readFileSync(entry, "utf8")).toBe(TREE[PLAIN]);
        expect(requests).toHaveLength(1);
    });

    it("removes a damaged entry even if upstream cannot replace it", async () => {
        const cacheDir = tempDir();
        writeFileSync(join(cacheDir, PLAIN_SUM), "damaged");
        await failureOf(openUpstream(await unreachable(), cacheDir).text(PLAIN));
        expect(readdirSync(cacheDir)).toEqual([]);
    });

    it("may be filled by several programs at once", async () => {
        const cacheDir = tempDir();
        const { url } = await serve(upstreamOf());
        const texts = await Promise.all(Array.from({ length: 10 }, () => openUpstream(url, cacheDir).text(PLAIN)));
        expect(new Set(texts)).toEqual(new Set([TREE[PLAIN]]));
        expect(readdirSync(cacheDir)).toEqual([PLAIN_SUM]);
    });

    it("is done without where it cannot be written", async () => {
        const cacheDir = join(tempDir(), "file");
        writeFileSync(cacheDir, "");
        const { url } = await serve(upstreamOf());
        expect(await openUpstream(url, cacheDir).text(PLAIN)).toBe(TREE[PLAIN]);
    });

    it("leaves no partial file where an entry cannot be put", async () => {
        const cacheDir = tempDir();
        mkdirSync(join(cacheDir, PLAIN_SUM));
        const { url } = await serve(upstreamOf());
        expect(await openUpstream(url, cacheDir).text(PLAIN)).toBe(TREE[PLAIN]);
        expect(readdirSync(cacheDir)).toEqual([PLAIN_SUM]);
    });

    it("lies where XDG_CACHE_HOME says, if that is absolute", () => {
        expect(defaultCacheDir({ XDG_CACHE_HOME: "/var/cache/me" })).toBe("/var/cache/me/istio-on-pulumi/upstream");
        expect(defaultCacheDir({ XDG_CACHE_HOME: "relative" })).toMatch(/\/\.cache\/istio-on-pulumi\/upstream$/);
        expect(defaultCacheDir({})).toMatch(/\/\.cache\/istio-on-pulumi\/upstream$/);
    });
});
