import type { Socket } from "node:net";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { Backend } from "../../src/workloads/backend";
import { ThrottledLog } from "../../src/workloads/throttled-log";
import { errorLog, startBackend, startWorkload } from "./support";

const backendAt = (port: number) => {
    const backend = new Backend("details", { host: "127.0.0.1", port });
    onTestFinished(() => backend.close());
    return backend;
};

const LONG_MS = 60_000;
const NO_ANSWER = { status: undefined, value: undefined, hops: [] };

describe("Backend", () => {
    it("uses a connection again", async () => {
        const sockets = new Set<Socket>();
        const { port } = await startBackend("details", (request, response) => {
            sockets.add(request.socket);
            response.end("1");
        });
        const backend = backendAt(port);
        for (let each = 0; each < 3; each += 1)
            expect(await backend.get("/", {}, LONG_MS)).toEqual({ status: 200, value: 1, hops: [] });
        expect(sockets.size).toBe(1);
    });

    it("asks again when a connection that waited turns out to be closed", async () => {
        const asked: (string | undefined)[] = [];
        const { port } = await startBackend("details", (request, response) => {
            asked.push(request.url);
            if (asked.length === 2) request.socket.destroy();
            else response.end("1");
        });
        const backend = backendAt(port);
        await backend.get("/a", {}, LONG_MS);
        expect(await backend.get("/b", {}, LONG_MS)).toMatchObject({ status: 200 });
        expect(asked).toEqual(["/a", "/b", "/b"]);
        expect(errorLog()).toEqual([]);
    });

    it("does not ask again on a connection that is new", async () => {
        let asked = 0;
        const { port } = await startBackend("details", (request) => {
            asked += 1;
            request.socket.destroy();
        });
        expect(await backendAt(port).get("/", {}, LONG_MS)).toEqual(NO_ANSWER);
        expect(asked).toBe(1);
    });

    it.each([
        ["does not answer", ""],
        ["stops in the middle of its answer", "1"],
    ])("gives up on one that %s in time", async (_, start) => {
        const { port } = await startBackend(
            "details",
            (_request, response) =>
                void (start !== "" && response.writeHead(200, { "Content-Length": 9 }).write(start)),
        );
        expect(await backendAt(port).get("/", {}, 100)).toEqual(NO_ANSWER);
        expect(errorLog()).toEqual([expect.stringMatching(/^details at 127\.0\.0\.1:\d+: no answer in time$/)]);
    });

    it("stands a connection that breaks in the middle of an answer", async () => {
        const { port } = await startBackend(
            "details",
            (request, response) =>
                void response.writeHead(200, { "Content-Length": 9 }).write("1", () => request.socket.destroy()),
        );
        expect(await backendAt(port).get("/", {}, LONG_MS)).toEqual(NO_ANSWER);
    });

    it.each([
        ["productpage", "/api/v1/products/0", [3000]],
        ["productpage", "/api/v1/products/0/reviews", [3000, 3000]],
        ["productpage", "/api/v1/products/0/ratings", [3000]],
        ["reviews v2", "/reviews/0", [10_000]],
        ["reviews v3", "/reviews/0", [2500]],
    ])("is given upstream's time by %s at %s", async (args, path, times) => {
        const get = vi.spyOn(Backend.prototype, "get").mockResolvedValue(NO_ANSWER);
        onTestFinished(() => get.mockRestore());
        await (await startWorkload(args)).ask(path);
        expect(get.mock.calls.map(([, , timeoutMs]) => timeoutMs)).toEqual(times);
    });
});

describe("ThrottledLog", () => {
    it("writes the same sentence once in ten seconds", () => {
        let now = 0;
        const log = new ThrottledLog(() => now);
        const error = (at: number, sentence: string) => {
            now = at;
            log.error(`details at 127.0.0.1:1: ${sentence}`);
        };
        error(0, "a");
        error(9999, "a");
        error(9999, "b");
        error(10_000, "a");
        error(10_000, "c");
        error(10_001, "a");
        expect(errorLog().map((sentence) => sentence.at(-1))).toEqual(["a", "b", "a", "c"]);
    });
});
