import { connect } from "node:http2";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { otlpReceiver } from "../../src/workloads/jaeger/collector";
import { tracesOf } from "../../src/workloads/jaeger/jaeger";
import type { Span } from "../../src/workloads/jaeger/otlp";

/** A field of a protobuf message: bytes with their length, or a fixed number of 64 bits. */
const bytes = (number: number, value: Buffer | string) => {
    const content = Buffer.from(value);
    // Lengths of up to two bytes.
    const length = content.length < 128 ? [content.length] : [(content.length & 0x7f) | 0x80, content.length >> 7];
    return Buffer.concat([Buffer.of((number << 3) | 2, ...length), content]);
};
const fixed = (number: number, value: bigint) => {
    const field = Buffer.alloc(9);
    field[0] = (number << 3) | 1;
    field.writeBigUInt64LE(value, 1);
    return field;
};
const attribute = (number: number, key: string, value: string) =>
    bytes(number, Buffer.concat([bytes(1, key), bytes(2, bytes(1, value))]));

const SPAN = Buffer.concat([
    bytes(1, Buffer.from("0af7651916cd43dd8448eb211c80319c", "hex")),
    bytes(2, Buffer.from("b7ad6b7169203331", "hex")),
    bytes(4, Buffer.from("00f067aa0ba902b7", "hex")),
    bytes(5, "reviews.istio-sample.svc.cluster.local:9080/*"),
    // Kind: a varint, which is passed over.
    Buffer.of((6 << 3) | 0, 3),
    fixed(7, 1_700_000_000_000_000_000n),
    fixed(8, 1_700_000_000_002_500_000n),
    attribute(9, "http.status_code", "200"),
    attribute(9, "long", "x".repeat(300)),
]);
const REQUEST = bytes(
    1,
    Buffer.concat([bytes(1, attribute(1, "service.name", "productpage.istio-sample")), bytes(2, bytes(2, SPAN))]),
);

async function receiver() {
    const spans: Span[] = [];
    const server = otlpReceiver((taken) => spans.push(...taken));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    onTestFinished(() => {
        session.close();
        server.close();
    });
    /** The gRPC status of a call with these bytes. */
    const call = (path: string, body: Buffer) =>
        new Promise<unknown>((resolve, reject) => {
            const stream = session.request({ ":method": "POST", ":path": path, "content-type": "application/grpc" });
            stream.on("trailers", (trailers: Record<string, string>) => resolve(trailers["grpc-status"]));
            stream.on("error", reject);
            stream.resume();
            stream.end(body);
        });
    return { spans, call };
}

const framed = (message: Buffer) => {
    const head = Buffer.alloc(5);
    head.writeUInt32BE(message.length, 1);
    return Buffer.concat([head, message]);
};
const EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

describe("the lab's Jaeger", () => {
    it("takes spans by OTLP over gRPC", async () => {
        const { spans, call } = await receiver();
        expect(await call(EXPORT, framed(REQUEST))).toBe("0");
        expect(spans).toEqual([
            {
                traceId: "0af7651916cd43dd8448eb211c80319c",
                spanId: "b7ad6b7169203331",
                parentId: "00f067aa0ba902b7",
                service: "productpage.istio-sample",
                name: "reviews.istio-sample.svc.cluster.local:9080/*",
                start: 1_700_000_000_000_000,
                duration: 2500,
                tags: { "http.status_code": "200", long: "x".repeat(300) },
            },
        ]);
    });

    it("refuses what it does not understand, and goes on", async () => {
        const { spans, call } = await receiver();
        expect(await call("/jaeger.api_v2.CollectorService/PostSpans", framed(REQUEST))).toBe("12");
        expect(await call(EXPORT, framed(REQUEST.subarray(0, 60)))).toBe("3");
        expect(spans).toEqual([]);
        expect(await call(EXPORT, framed(REQUEST))).toBe("0");
        expect(spans).toHaveLength(1);
    });

    it("tells the newest traces of a service as Jaeger's API does", () => {
        const span = (traceId: string, spanId: string, service: string, parentId = ""): Span => ({
            traceId,
            spanId,
            parentId,
            service,
            name: "call",
            start: 1,
            duration: 2,
            tags: { a: "b" },
        });
        const spans = [span("1", "a", "x"), span("2", "b", "x"), span("3", "c", "y"), span("2", "d", "y", "b")];
        const common = { operationName: "call", startTime: 1, duration: 2 };
        const tags = [{ key: "a", type: "string", value: "b" }];
        expect(tracesOf(spans, "x", 1)).toEqual([
            {
                traceID: "2",
                spans: [
                    { traceID: "2", spanID: "b", references: [], tags, processID: "p1", ...common },
                    {
                        traceID: "2",
                        spanID: "d",
                        references: [{ refType: "CHILD_OF", traceID: "2", spanID: "b" }],
                        tags,
                        processID: "p2",
                        ...common,
                    },
                ],
                processes: { p1: { serviceName: "x" }, p2: { serviceName: "y" } },
            },
        ]);
        expect(tracesOf(spans, "x", 5)).toHaveLength(2);
        expect(tracesOf(spans, "z", 5)).toEqual([]);
    });
});
