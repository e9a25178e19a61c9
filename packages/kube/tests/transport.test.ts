import { spawn } from "node:child_process";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTcp } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { kubeconfigOf, listen, open } from "./support/https";

const serveBy = async (answer: RequestListener) =>
    open(kubeconfigOf({ server: `http://127.0.0.1:${await listen(createServer(answer))}` }));

describe("an answer", () => {
    it("may come compressed", async () => {
        const cluster = await serveBy((request, response) => {
            response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" });
            response.end(gzipSync(JSON.stringify({ accepts: request.headers["accept-encoding"] })));
        });
        expect(await cluster.get("/big")).toEqual({ accepts: "gzip" });
    });

    it("is read anew, all at once, where a list's pages are too old", async () => {
        const asked: string[] = [];
        const cluster = await serveBy((request, response) => {
            asked.push(request.url!);
            const { searchParams } = new URL(request.url!, "http://localhost");
            const late = searchParams.has("continue");
            const first = searchParams.has("limit");
            response.writeHead(late ? 410 : 200, { "content-type": "application/json" });
            response.end(JSON.stringify(first ? { metadata: { continue: "2" }, items: [1] } : { items: [1, 2] }));
        });
        expect(await cluster.list("/many")).toEqual([1, 2]);
        expect(asked).toEqual(["/many?limit=500", "/many?limit=500&continue=2", "/many"]);
    });

    it("comes later where the server is busy, unless that is too late", async () => {
        let asked = 0;
        const busy = (times: number, pause: number) =>
            serveBy((_, response) => {
                const late = ++asked > times;
                response.writeHead(late ? 200 : 429, {
                    "content-type": "application/json",
                    ...(!late && { "retry-after": String(pause) }),
                });
                response.end(JSON.stringify({ asked }));
            });
        expect(await (await busy(2, 1)).get("/busy")).toEqual({ asked: 3 });
        asked = 0;
        await expect((await busy(2, 60)).get("/busy")).rejects.toThrow(
            "is too busy (HTTP 429 to GET /busy); try again",
        );
        expect(asked).toBe(1);
    });

    it("has nothing where a list's items are null", async () => {
        const cluster = await serveBy((_, response) => {
            response.writeHead(200, { "content-type": "application/json" }).end('{"items":null}');
        });
        expect(await cluster.list("/none")).toEqual([]);
    });
});

describe("a program", () => {
    /** Runs one that asks a server once, and returns what it prints and how long it takes after that. */
    const run = (server: string) =>
        new Promise<{ output: string; after: number; status: number | null }>((resolve) => {
            const code = `
                const { openCluster } = require(${JSON.stringify(join(__dirname, "../src/index.ts"))});
                const asking = { ways: { kubeconfig: "k", context: "c" }, rights: "read", timeLimit: 500 };
                openCluster({ kubeconfig: process.env.CONFIG }, asking)
                    .then((cluster) => cluster.get("/version"))
                    .then((answer) => console.log(JSON.stringify(answer)), (error) => console.log(error.message));`;
            const child = spawn(process.execPath, ["--require", "tsx/cjs", "-e", code], {
                cwd: join(__dirname, "../../.."),
                env: { ...process.env, CONFIG: kubeconfigOf({ server, "insecure-skip-tls-verify": true }) },
                stdio: ["ignore", "pipe", "inherit"],
            });
            let output = "";
            let printed = 0;
            child.stdout.on("data", (chunk) => {
                output += String(chunk);
                printed = Date.now();
            });
            child.once("close", (status) => resolve({ output, after: Date.now() - printed, status }));
        });
    /** Well below the seconds for which sockets would hold a process. */
    const SOON = 2_000;

    it("ends after an answer, though its connection stays open", async () => {
        const port = await listen(
            createServer((_, response) => void response.setHeader("content-type", "application/json").end("{}")),
        );
        const { output, after, status } = await run(`http://127.0.0.1:${port}`);
        expect([output, status]).toEqual(["{}\n", 0]);
        expect(after).toBeLessThan(SOON);
    });

    it.each(["http", "https"])("ends after its time, though the server is silent: %s", async (scheme) => {
        const port = await listen(createTcp((socket) => void socket.on("error", () => {}).resume()));
        const { output, after } = await run(`${scheme}://127.0.0.1:${port}`);
        expect(output).toContain("cannot be reached: no answer in 0.5 s; check that it runs");
        expect(after).toBeLessThan(SOON);
    });
});
