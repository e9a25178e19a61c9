import { createServer, type Http2Server, type ServerHttp2Stream } from "node:http2";
import { type Span, spansIn } from "./otlp";

/** What the paths of an OTLP exporter over gRPC end with. */
const EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
/** A gRPC message that holds nothing: not compressed, length 0. */
const NOTHING = Buffer.alloc(5);

/** Takes spans as an OTLP receiver does, over gRPC without TLS. */
export function otlpReceiver(take: (spans: readonly Span[]) => void): Http2Server {
    const server = createServer();
    server.on("stream", (stream: ServerHttp2Stream, headers) => {
        const chunks: Buffer[] = [];
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        stream.on("error", () => stream.destroy());
        stream.on("end", () => {
            let status = UNIMPLEMENTED;
            if (headers[":path"] === EXPORT) {
                try {
                    for (const message of messagesIn(Buffer.concat(chunks))) take(spansIn(message));
                    status = OK;
                } catch (error) {
                    console.error("jaeger:", error);
                    status = INVALID;
                }
            }
            stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": status }));
            stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
            stream.end(NOTHING);
        });
    });
    return server;
}

const [OK, INVALID, UNIMPLEMENTED] = ["0", "3", "12"];

/** The messages of a gRPC body: a byte that says whether one is compressed, its length in four bytes, and it. */
function messagesIn(body: Buffer): Buffer[] {
    const messages: Buffer[] = [];
    for (let at = 0; at < body.length;) {
        if (body[at] !== 0) throw new RangeError("A message is compressed, which was not agreed on");
        const end = at + 5 + body.readUInt32BE(at + 1);
        messages.push(body.subarray(at + 5, end));
        at = end;
    }
    return messages;
}
