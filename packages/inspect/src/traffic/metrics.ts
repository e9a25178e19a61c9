import { countHop, type Hop } from "./hops";

/** Requests that a proxy counted, by the series' labels as they stand. */
export type RequestCounts = ReadonlyMap<string, number>;

const METRIC = "istio_requests_total";
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/**
 * The series of a text in Prometheus' format that count requests to the pod itself: those its proxy reports as their
 * destination.
 */
export function readRequestCounts(metrics: string): RequestCounts {
    const counts = new Map<string, number>();
    for (const line of metrics.split("\n")) {
        if (!line.startsWith(`${METRIC}{`)) continue;
        const end = line.lastIndexOf("}");
        const labels = line.slice(METRIC.length + 1, end);
        // A timestamp may follow the value.
        const value = Number(
            line
                .slice(end + 1)
                .trim()
                .split(/\s+/)[0],
        );
        if (end < 0 || !Number.isFinite(value) || labelsOf(labels).get("reporter") !== "destination") continue;
        counts.set(labels, (counts.get(labels) ?? 0) + value);
    }
    return counts;
}

const ESCAPED: Readonly<Record<string, string>> = { n: "\n" };

function labelsOf(text: string): Map<string, string> {
    return new Map(
        [...text.matchAll(LABEL)].map(([, name, value]) => [
            name!,
            value!.replace(/\\(.)/g, (_, letter: string) => ESCAPED[letter] ?? letter),
        ]),
    );
}

/**
 * Hops that one pod's proxy counted between two readings; a count that is lower than before started anew, with the
 * proxy.
 */
export function hopsBetween(before: RequestCounts, after: RequestCounts): Hop[] {
    const rows = new Map<string, Hop>();
    for (const [labels, count] of after) {
        const then = before.get(labels) ?? 0;
        const requests = count < then ? count : count - then;
        if (requests > 0) countHop(rows, hopOf(labelsOf(labels), requests));
    }
    return [...rows.values()];
}

const SECURITY: Readonly<Record<string, Hop["security"]>> = { mutual_tls: "mutual TLS", none: "plaintext" };
const known = (value: string | undefined) =>
    value === undefined || value === "" || value === "unknown" ? undefined : value;

function hopOf(labels: ReadonlyMap<string, string>, requests: number): Hop {
    const fromIdentity = known(labels.get("source_principal"));
    const toIdentity = known(labels.get("destination_principal"));
    return {
        from: known(labels.get("source_workload")) ?? known(labels.get("source_app")) ?? "unknown",
        to: known(labels.get("destination_workload")) ?? known(labels.get("destination_app")) ?? "unknown",
        ...(fromIdentity !== undefined && { fromIdentity }),
        ...(toIdentity !== undefined && { toIdentity }),
        security: SECURITY[labels.get("connection_security_policy") ?? ""] ?? "unknown",
        requests,
    };
}
