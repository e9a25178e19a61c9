import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Hop, type HopCounts, readHops } from "../../src/traffic/hops";
import { hopsBetween, readRequestCounts } from "../../src/traffic/metrics";
import { meteredHops, type MetricsReading } from "../../src/traffic/scrape";

const PRODUCTPAGE = "spiffe://cluster.local/ns/shop/sa/bookinfo-productpage";
const REVIEWS = "spiffe://cluster.local/ns/shop/sa/bookinfo-reviews";

const escaped = (value: string) => value.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
const series = (labels: Record<string, string>, value: number | string) =>
    `istio_requests_total{${Object.entries(labels)
        .map(([name, text]) => `${name}="${escaped(text)}"`)
        .join(",")}} ${value}`;
const call = (over: Record<string, string> = {}) => ({
    reporter: "destination",
    source_workload: "productpage-v1",
    source_principal: PRODUCTPAGE,
    destination_workload: "reviews-v2",
    destination_principal: REVIEWS,
    connection_security_policy: "mutual_tls",
    response_code: "200",
    ...over,
});
const between = (before: string, after: string) => hopsBetween(readRequestCounts(before), readRequestCounts(after));

describe("the proxies' metrics", () => {
    it("give the hops whose counters grew, with both identities", () => {
        const others = (value: number) =>
            `# TYPE istio_requests_total counter\nistio_request_bytes_count{reporter="destination"} ` +
            `${value}\nistio_requests_total ${value}\n${series(call({ reporter: "source" }), value)}\n`;
        expect(
            between(
                `${others(900)}${series(call(), 7)}\n`,
                `${others(999)}${series(call(), 107)} 1700000000000\n${series(call({ response_code: "503" }), 2)}\n`,
            ),
        ).toEqual([
            {
                from: "productpage-v1",
                to: "reviews-v2",
                fromIdentity: PRODUCTPAGE,
                toIdentity: REVIEWS,
                security: "mutual TLS",
                requests: 102,
            },
        ]);
    });

    it("call plaintext what had no mutual TLS, and unknown what they do not tell", () => {
        const plain = call({
            connection_security_policy: "none",
            source_principal: "unknown",
            destination_principal: "unknown",
            source_workload: "unknown",
        });
        expect(between("", series(plain, 4))).toEqual([
            { from: "unknown", to: "reviews-v2", security: "plaintext", requests: 4 },
        ]);
        expect(between("", series(call({ connection_security_policy: "unknown" }), 1))[0]!.security).toBe("unknown");
    });

    it("start anew with a proxy that was restarted", () => {
        expect(between(series(call(), 500), series(call(), 20))[0]!.requests).toBe(20);
        expect(between(series(call(), 500), series(call(), 500))).toEqual([]);
        expect(between(series(call(), 500), "")).toEqual([]);
    });

    it("are read whatever stands in a label", () => {
        fc.assert(
            fc.property(
                fc.string({ unit: fc.constantFrom(...'ab"\\\n{}=, 한'), minLength: 1, maxLength: 12 }),
                fc.integer({ min: 1, max: 1e9 }),
                (app, value) => {
                    const [hop] = between("", `${series(call({ source_workload: app }), value)}\n`);
                    expect(hop).toMatchObject({ from: app, requests: value });
                },
            ),
        );
    });

    it("lose no request between two readings", () => {
        const rows = fc.uniqueArray(
            fc.record({
                from: fc.constantFrom("a", "b", "c"),
                code: fc.constantFrom("200", "404", "503"),
                before: fc.nat(1000),
                grown: fc.nat(1000),
            }),
            { selector: ({ from, code }) => `${from}${code}` },
        );
        fc.assert(
            fc.property(rows, (all) => {
                const text = (value: (row: (typeof all)[number]) => number) =>
                    all
                        .map((row) => series(call({ source_workload: row.from, response_code: row.code }), value(row)))
                        .join("\n");
                const hops = between(
                    text(({ before }) => before),
                    text(({ before, grown }) => before + grown),
                );
                expect(hops.reduce((sum, { requests }) => sum + requests, 0)).toBe(
                    all.reduce((sum, { grown }) => sum + grown, 0),
                );
                expect(new Set(hops.map(({ from }) => from)).size).toBe(hops.length);
            }),
        );
    });
});

describe("readings of several pods", () => {
    const reading = (byPod: Record<string, string>, over: Partial<MetricsReading> = {}): MetricsReading => ({
        byPod: new Map(Object.entries(byPod).map(([pod, text]) => [pod, readRequestCounts(text)])),
        silent: [],
        refused: false,
        ...over,
    });

    it("add up, of the pods that told both times", () => {
        const before = reading({ a: series(call(), 1), b: series(call(), 1) }, { silent: ["shop/c"] });
        const after = reading({ a: series(call(), 3), b: series(call(), 4), c: series(call(), 1000) });
        expect(meteredHops(before, after)).toMatchObject({
            hops: [{ from: "productpage-v1", requests: 5 }],
            silent: ["shop/c"],
        });
    });

    it("say why there are none", () => {
        const silent = { silent: ["shop/a"] };
        expect(meteredHops(reading({}, { refused: true }), reading({}))).toEqual({
            why: "this user may not read the proxies' metrics by the API server (pods/proxy)",
        });
        expect(meteredHops(reading({}, silent), reading({}, silent))).toEqual({
            why: "no proxy tells its metrics at port 15020 (asked: shop/a)",
        });
        expect(meteredHops(reading({}), reading({}))).toEqual({ why: "there are no pods with a proxy to ask" });
        expect(meteredHops(reading({ a: "" }), reading({ a: "" }))).toEqual({
            why: "the proxies of 1 pod counted no request as its destination meanwhile (istio_requests_total)",
        });
    });
});

describe("the lab's header", () => {
    const read = (...values: string[]): { rows: Hop[]; unreadable: number } => {
        const counts: HopCounts = { rows: new Map(), unreadable: 0 };
        for (const value of values) readHops(value, counts);
        return { rows: [...counts.rows.values()], unreadable: counts.unreadable };
    };
    const hop = { from: "bookinfo-productpage", to: "reviews", pod: "reviews-v2-1", peer: PRODUCTPAGE, own: REVIEWS };

    it("gives each hop once, with its requests and identities", () => {
        const plain = { from: null, to: "details", pod: "details-v1-1", peer: null, own: null };
        expect(
            read(
                JSON.stringify([hop, plain]),
                JSON.stringify([hop]),
                JSON.stringify([{ ...hop, pod: "reviews-v1-1" }]),
            ),
        ).toEqual({
            rows: [
                {
                    from: "bookinfo-productpage",
                    to: "reviews",
                    fromIdentity: PRODUCTPAGE,
                    toIdentity: REVIEWS,
                    security: "mutual TLS",
                    requests: 3,
                },
                { from: "unknown", to: "details", security: "plaintext", requests: 1 },
            ],
            unreadable: 0,
        });
    });

    it.each([
        "",
        "no JSON",
        "{}",
        '[{"to":5}]',
        JSON.stringify([{ ...hop, to: "\u001b[31m" }]),
        JSON.stringify(Array.from({ length: 101 }, () => hop)),
    ])("is left alone where it is %j", (value) => {
        expect(read(value)).toEqual({ rows: [], unreadable: 1 });
    });
});
