import { counted } from "../finding";
import { type HopsReport, type NatCount, type ReviewsReport, roundedPercent, type TrafficReport } from "../traffic";
import { type Cell, type Style, table } from "./table";

/** What requests showed, as tables. */
export function trafficText(report: TrafficReport, style: Style): string {
    return [
        head(report, style),
        requestsText(report, style),
        `${style.strong("REVIEWS")}\n${reviewsText(report.reviews, style)}`,
        `${style.strong("HOPS")}\n${hopsText(report.hops, style)}`,
        `${style.strong("NAT")}\n${natText(report, style)}`,
    ].join("\n\n");
}

function head({ url, found, asked, concurrency, keepAlive }: TrafficReport, style: Style): string {
    return (
        `${style.strong(url)}  ${found}\n${counted(asked, "request")}, ${concurrency} at a time, ` +
        `${keepAlive ? "connections used more than once" : "each on a connection of its own"}`
    );
}

const ms = (time: number) => `${time.toFixed(time < 10 ? 1 : 0)} ms`;

function requestsText(
    { sent, succeeded, failed, cutOff, failures, seconds, perSecond, latency }: TrafficReport,
    style: Style,
): string {
    const row: Cell[] = [
        String(sent),
        { text: String(succeeded), paint: succeeded > 0 ? style.good : style.bad },
        { text: String(failed), paint: failed > 0 ? style.bad : (same) => same },
        cutOff > 0 ? String(cutOff) : "",
        `${seconds.toFixed(1)} s`,
        perSecond.toFixed(1),
        ...(latency ? [latency.p50, latency.p90, latency.p99, latency.max].map(ms) : []),
    ];
    const requests = table(
        ["SENT", "SUCCEEDED", "FAILED", "CUT OFF", "DURATION", "PER SECOND", "P50", "P90", "P99", "MAX"],
        [row],
        style,
    );
    return failures.length === 0
        ? requests
        : `${requests}\n\n${table(
              ["FAILED BY", "REQUESTS"],
              failures.map(({ reason, requests: count }) => [reason, String(count)]),
              style,
          )}`;
}

function reviewsText({ service, pages, versions, expectation }: ReviewsReport, style: Style): string {
    const said =
        `${counted(pages, "page")} ${pages === 1 ? "names" : "name"} the pod of ${service ?? "reviews"} that ` +
        `answered; expected: ${expectation.known ? expectation.why : `unknown, ${expectation.why}`}`;
    if (versions.length === 0) return said;
    const rows = versions.map(({ version, answers, share, interval, expected, pods }): Cell[] => [
        version,
        { text: String(answers), paint: answers > 0 ? (same) => same : style.bad },
        roundedPercent(share),
        `${roundedPercent(interval.low)} to ${roundedPercent(interval.high)}`,
        expected === undefined ? "unknown" : roundedPercent(expected),
        pods.length === 0 ? "none" : pods.join(", "),
    ]);
    return `${said}\n${table(["VERSION", "ANSWERS", "SHARE", "95 % INTERVAL", "EXPECTED", "PODS"], rows, style)}`;
}

function hopsText({ said, rows }: HopsReport, style: Style): string {
    const paint = { "mutual TLS": style.good, TLS: style.good, plaintext: style.warn, unknown: style.faint };
    const lines = rows.map(({ from, to, security, requests, fromIdentity = "", toIdentity = "" }): Cell[] => [
        `${from} -> ${to}`,
        { text: security, paint: paint[security] },
        String(requests),
        fromIdentity,
        toIdentity,
    ]);
    return lines.length === 0
        ? said
        : `${table(["HOP", "SECURITY", "REQUESTS", "FROM IDENTITY", "TO IDENTITY"], lines, style)}\n${said}`;
}

function natText({ nat, keepAlive }: { nat: NatCount; keepAlive: boolean }, style: Style): string {
    if (!nat.counted) return `Not counted. ${nat.why}`;
    const rows = nat.steps.map(({ step, chain, to, connections, pod = "", version = "" }): Cell[] => [
        chain,
        step === "endpoint" ? `DNAT to ${to}` : to,
        String(connections),
        pod,
        version,
    ]);
    const said =
        `${nat.servicePort} at node port ${nat.nodePort}, by ` +
        `${nat.source}${nat.node === undefined || nat.source.includes(nat.node) ? "" : ` (node ${nat.node})`}, ` +
        "before and after";
    return (
        `${said}\n${table(["CHAIN", "LEADS TO", "NEW CONNECTIONS", "POD", "VERSION"], rows, style)}\nThe table nat ` +
        "sees the first packet of a connection only: what is counted is new connections, others' " +
        `too${keepAlive ? ", and one served several requests" : ""}.`
    );
}
