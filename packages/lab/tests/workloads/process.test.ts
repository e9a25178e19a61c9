import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { freePort, startWorkload } from "./support";

/** The workloads as they are run: file by file, without types, where no package is installed. */
let dir: string;
beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "workloads-"));
    const source = join(__dirname, "../../src/workloads");
    for (const file of readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) =>
        name.endsWith(".ts"),
    )) {
        const target = join(dir, file.replace(/\.ts$/, ".js"));
        mkdirSync(dirname(target), { recursive: true });
        const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 };
        writeFileSync(
            target,
            ts.transpileModule(readFileSync(join(source, file), "utf8"), { compilerOptions }).outputText,
        );
    }
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Run {
    readonly child: ChildProcess;
    /** Everything that it wrote, standard output and error. */
    readonly output: () => string;
    /** Its exit code, null if a signal ended it. */
    readonly exit: Promise<number | null>;
}

function run(args: string[], env: Record<string, string>): Run {
    const child = spawn(process.execPath, [join(dir, "main.js"), ...args], {
        env: { LAB_ADDRESS: "127.0.0.1", ...env },
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    let output = "";
    for (const stream of [child.stdout, child.stderr])
        stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    return { child, output: () => output, exit: once(child, "close").then(([code]) => code as number | null) };
}

/** Asks until an answer is as wanted; each request has a connection of its own. */
async function until(port: number, wanted: (connection: string | undefined) => boolean): Promise<void> {
    for (;;) {
        const connection = await new Promise<string | undefined>((resolve) => {
            const request = httpRequest(
                { host: "127.0.0.1", port, path: "/health", agent: false, headers: { connection: "keep-alive" } },
                (response) => {
                    response.resume();
                    response.on("end", () => resolve(response.headers.connection));
                },
            );
            request.on("error", () => resolve(undefined)).end();
        });
        if (wanted(connection)) return;
        await sleep(20);
    }
}

const serves = (port: number) => until(port, (connection) => connection === "keep-alive");
const asksToLeave = (port: number) => until(port, (connection) => connection === "close");

describe("node main.js", () => {
    it.each([
        [[], {}, "No application is named: give one of productpage, details, ratings, reviews, jaeger, echo.\n"],
        [["reviews", "v9"], {}, '"v9" is no version of reviews: give v1, v2, v3.\n'],
        [
            ["echo"],
            { LAB_PORTS: "http" },
            'LAB_PORTS is "http": set it to TCP ports from 0 (any free one) to 65535, separated by commas, ' +
                "such as 9080 or 8080,9090.\n",
        ],
    ])("refuses %j with %j in one sentence", async (args, env, sentence) => {
        const { exit, output } = run(args, env);
        expect([await exit, output()]).toEqual([2, sentence]);
    });

    it("says which port is taken", async () => {
        const { ports } = await startWorkload("echo");
        const { exit, output } = run(["echo"], { LAB_PORTS: `0,${ports[0]}` });
        const sentence = `Port ${ports[0]} cannot be listened on (EADDRINUSE): end what listens there`;
        expect([await exit, output()]).toEqual([1, `${sentence}, or set LAB_PORTS to another.\n`]);
    });

    it("serves on after SIGTERM, asks its clients to leave, and ends well without a word", async () => {
        const port = await freePort();
        const { child, exit, output } = run(["details"], { LAB_PORTS: String(port) });
        await serves(port);
        child.kill("SIGTERM");
        await asksToLeave(port);
        await asksToLeave(port);
        expect([await exit, output()]).toEqual([0, ""]);
    });

    it("ends at once with a second SIGTERM", async () => {
        const port = await freePort();
        const { child, exit } = run(["details"], { LAB_PORTS: String(port) });
        await serves(port);
        child.kill("SIGTERM");
        await asksToLeave(port);
        child.kill("SIGTERM");
        expect(await exit).toBe(143);
    });
});

describe("a server", () => {
    it("leaves its other ports when one is taken", async () => {
        const [free, { ports }] = [await freePort(), await startWorkload("echo")];
        await expect(startWorkload("echo", { LAB_PORTS: `${free},${ports[0]}` })).rejects.toThrow("EADDRINUSE");
        expect((await startWorkload("echo", { LAB_PORTS: String(free) })).ports).toEqual([free]);
    });

    it("keeps idle connections longer than Envoy does, and does not hurry a new one", async () => {
        const { ask, servers } = await startWorkload("details");
        expect((await ask("/health")).headers.get("keep-alive")).toBe("timeout=7200");
        expect(servers.map(({ headersTimeout, requestTimeout }) => [headersTimeout, requestTimeout])).toEqual([[0, 0]]);
    });
});

describe("draining", () => {
    const LONG_MS = 3600_000;

    /** A request whose body is not complete yet. */
    const begin = async (port: number | undefined) => {
        const request = httpRequest({
            host: "127.0.0.1",
            port,
            method: "POST",
            headers: { "Content-Length": 2, connection: "keep-alive" },
        });
        const answer = new Promise<string | undefined>((resolve) => {
            request.once("response", (response) => {
                response.resume();
                resolve(`${response.statusCode} ${response.headers.connection}`);
            });
            request.once("error", (error) => resolve(error.message));
        });
        await new Promise((written) => request.write("a", written));
        return { answer, finish: () => request.end("b") };
    };

    it("waits for a request that is under way, not for idle connections", async () => {
        const { ask, drain, ports, servers } = await startWorkload("echo");
        await ask("/");
        const heard = once(servers[0] ?? fail(), "request");
        const { answer, finish } = await begin(ports[0]);
        await heard;
        const drained = drain(0, LONG_MS);
        while (servers[0]?.listening) await sleep(5);
        await expect(ask("/")).rejects.toThrow();
        finish();
        expect(await answer).toBe("200 close");
        await drained;
    });

    it("does not wait longer than it may", async () => {
        const { drain, ports, servers } = await startWorkload("echo");
        const heard = once(servers[0] ?? fail(), "request");
        const { answer } = await begin(ports[0]);
        await heard;
        await drain(0, 50);
        expect(await answer).toBe("socket hang up");
    });
});

function fail(): never {
    throw new Error("no server");
}
