import type { Application } from "../application";
import { json } from "../exchange";
import type { Settings } from "../settings";
import { otlpReceiver } from "./collector";
import type { Span } from "./otlp";

/** How many spans are kept; the oldest go first. */
const KEPT_SPANS = 10_000;
/** Traces that an answer has where the query names no limit, as upstream's. */
const DEFAULT_LIMIT = 20;
/** Where upstream's pod takes spans by OTLP over gRPC. */
const OTLP_PORT = 4317;

/**
 * Takes spans and tells them as Jaeger's own API does, without its page: `GET /jaeger/api/services` and
 * `GET /jaeger/api/traces?service=<name>[&limit=<number>]`. Any other path says that it runs.
 */
export function jaeger({ address }: Settings, otlpPort = OTLP_PORT): Application {
    const spans: Span[] = [];
    const receiver = otlpReceiver((taken) => {
        spans.push(...taken);
        spans.splice(0, spans.length - KEPT_SPANS);
    });
    receiver.listen(otlpPort, address);
    const handle: Application["handle"] = ({ path, request }) => {
        const { searchParams } = new URL(request.url ?? "/", "http://localhost");
        switch (path) {
            case "/jaeger/api/services":
                return json({ data: [...new Set(spans.map(({ service }) => service))].sort() });
            case "/jaeger/api/traces": {
                const limit = Number(searchParams.get("limit") ?? DEFAULT_LIMIT);
                return json({ data: tracesOf(spans, searchParams.get("service") ?? "", limit) });
            }
            default:
                return json({ status: "Jaeger of the lab" });
        }
    };
    return { handle, close: () => receiver.close() };
}

/** The newest traces in which a service takes part, as Jaeger's API has them. */
export function tracesOf(spans: readonly Span[], service: string, limit: number): object[] {
    const ids = [...new Set(spans.filter((span) => span.service === service).map(({ traceId }) => traceId))];
    return ids
        .slice(-limit)
        .reverse()
        .map((traceId) => {
            const own = spans.filter((span) => span.traceId === traceId);
            const services = [...new Set(own.map((span) => span.service))];
            return {
                traceID: traceId,
                spans: own.map(({ spanId, parentId, name, start, duration, tags, service: of }) => ({
                    traceID: traceId,
                    spanID: spanId,
                    operationName: name,
                    references: parentId ? [{ refType: "CHILD_OF", traceID: traceId, spanID: parentId }] : [],
                    startTime: start,
                    duration,
                    tags: Object.entries(tags).map(([key, value]) => ({ key, type: "string", value })),
                    processID: `p${services.indexOf(of) + 1}`,
                })),
                processes: Object.fromEntries(services.map((name, at) => [`p${at + 1}`, { serviceName: name }])),
            };
        });
}
