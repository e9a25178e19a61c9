import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { type Sample, type Sending, type SendOptions, sendRequests } from "../../src/traffic/send";
import { type FakeBookinfo, fakeBookinfo } from "../../testing/bookinfo";

let server: FakeBookinfo | undefined;
afterEach(async () => {
    await server?.stop();
    server = undefined;
});

async function send(
    handle: Parameters<typeof fakeBookinfo>[0],
    over: Partial<SendOptions> = {},
    onSample?: (sample: Sample) => void,
): Promise<Sending & { samples: Sample[] }> {
    server = await fakeBookinfo(handle);
    return sendTo(server.url, over, onSample);
}
async function sendTo(
    url: URL,
    over: Partial<SendOptions> = {},
    onSample?: (sample: Sample) => void,
): Promise<Sending & { samples: Sample[] }> {
    const samples: Sample[] = [];
    const sending = await sendRequests(
        { url, requests: 12, concurrency: 3, timeout: 20_000, keepAlive: false, ...over },
        (sample) => {
            samples.push(sample);
            onSample?.(sample);
        },
    );
    return { ...sending, samples };
}
const ok =
    (text = "page") =>
    (_: unknown, response: ServerResponse) =>
        void response.end(text);

describe("the sender", () => {
    it("sends so many requests, each on a connection of its own, and hands over the answers", async () => {
        const { samples, ...sending } = await send((request, response, number) =>
            response.writeHead(200, { "x-lab-hops": `[${number}]` }).end(`page ${request.method} ${request.url}`),
        );
        expect(sending).toMatchObject({ ended: "complete", sent: 12, cutOff: 0 });
        expect(sending.duration).toBeGreaterThan(0);
        expect(samples).toHaveLength(12);
        for (const sample of samples)
            expect(sample).toMatchObject({ kind: "answer", status: 200, body: "page GET /productpage" });
        expect(
            new Set(samples.map((sample) => sample.kind === "answer" && sample.time > 0 && sample.header("x-lab-hops")))
                .size,
        ).toBe(12);
        expect([server!.requests.length, server!.connections()]).toEqual([12, 12]);
        expect(server!.requests[0]!.headers.connection).toBe("close");
    });

    it("uses a connection for each of those at the same time where it is to keep them", async () => {
        await send(ok(), { keepAlive: true });
        expect([server!.requests.length, server!.connections()]).toEqual([12, 3]);
    });

    it.each([1, 4])("has %i under way at the same time, no more and no less", async (concurrency) => {
        // Each answer waits until as many are there as may be.
        const waiting: ServerResponse[] = [];
        const { samples } = await send(
            (_, response) => {
                waiting.push(response);
                if (waiting.length === concurrency) for (const each of waiting.splice(0)) each.end();
            },
            { concurrency },
        );
        expect(samples).toHaveLength(12);
        expect(server!.most()).toBe(concurrency);
    });

    it("follows no redirect, and keeps the body of a success only", async () => {
        const { samples } = await send(
            (_, response, number) =>
                response.writeHead(number === 1 ? 302 : 503, { location: "http://127.0.0.1:1/" }).end("an error"),
            { requests: 2, concurrency: 1 },
        );
        expect(samples).toMatchObject([
            { kind: "answer", status: 302, body: "" },
            { kind: "answer", status: 503, body: "" },
        ]);
        expect(server!.requests).toHaveLength(2);
    });

    it("cuts a body short that is longer than any page", async () => {
        const { samples } = await send((_, response) => void response.end("x".repeat(5 * 2 ** 20)), { requests: 1 });
        const [sample] = samples;
        expect(sample).toMatchObject({ kind: "answer", status: 200 });
        expect((sample as { body: string }).body.length).toBeLessThan(2 * 2 ** 20);
    });

    it("waits no longer than told, for the head or for the rest", async () => {
        const { samples } = await send(
            (_, response, number) => {
                if (number === 1) response.write("the beginning");
            },
            { requests: 2, concurrency: 1, timeout: 200 },
        );
        expect(samples).toEqual([{ kind: "timeout" }, { kind: "timeout" }]);
    });

    it("goes on after a connection that broke, and says how", async () => {
        const { samples } = await send(
            (request, response, number) => (number % 2 === 1 ? request.socket.resetAndDestroy() : response.end()),
            { requests: 4, concurrency: 1, keepAlive: true },
        );
        expect(samples.map((sample) => (sample.kind === "connection" ? sample.reason : sample.kind))).toEqual([
            "read ECONNRESET",
            "answer",
            "read ECONNRESET",
            "answer",
        ]);
    });

    it("gives up where nothing ever answers", async () => {
        const { samples, ...sending } = await sendTo(new URL("http://127.0.0.1:1/productpage"), {
            requests: 1000,
            concurrency: 1,
        });
        expect(sending).toMatchObject({ ended: "gave up", sent: 20 });
        expect(samples[0]).toEqual({ kind: "connection", reason: "connect ECONNREFUSED 127.0.0.1:1" });
    });

    it("does not give up on failures after an answer, nor on answers that are failures", async () => {
        const refusing = await send(
            (request, response, number) => (number === 1 ? response.end() : request.socket.resetAndDestroy()),
            { requests: 40, concurrency: 1 },
        );
        expect(refusing).toMatchObject({ ended: "complete", sent: 40 });
        await server!.stop();
        expect(await send((_, response) => response.writeHead(404).end(), { requests: 40 })).toMatchObject({
            ended: "complete",
            sent: 40,
        });
    });

    it("ends early when told, and counts what was under way apart", async () => {
        const ending = new AbortController();
        const { samples, ...sending } = await send(
            (_, response, number) => {
                if (number <= 5) response.end();
                // The fifth is answered; the two after it never are.
                if (number === 7) ending.abort();
            },
            { requests: 1000, concurrency: 2, timeout: 300_000, signal: ending.signal },
        );
        expect(samples.map(({ kind }) => kind)).toEqual(Array.from({ length: 5 }, () => "answer"));
        expect(sending).toMatchObject({ ended: "interrupted", sent: 7, cutOff: 2 });
    });

    it("sends nothing where it was told to end before", async () => {
        const ending = AbortSignal.abort();
        expect(await send(ok(), { signal: ending })).toMatchObject({ ended: "interrupted", sent: 0, samples: [] });
    });

    it("hands a failure of whoever counts to its caller, and stops", async () => {
        await expect(
            send(ok(), { requests: 1000 }, () => {
                throw new Error("a bug");
            }),
        ).rejects.toThrow("a bug");
        expect(server!.requests.length).toBeLessThan(20);
    });
});
