import { describe, expect, it } from "vitest";
import { makeStyle } from "../../src/text/table";
import { trafficText } from "../../src/text/traffic";
import { PODS, PRODUCTPAGE, REVIEWS, Site } from "./site";

const site = new Site();

describe("the table", () => {
    it("shows all of it", async () => {
        site.tellMetrics();
        const { traffic: report } = await site.traffic();
        const text = trafficText(
            { ...report!, seconds: 1.5, perSecond: 20, latency: { p50: 4.25, p90: 9.99, p99: 120, max: 1234.5 } },
            makeStyle(false),
        );
        expect(
            trafficText(
                { ...report!, keepAlive: true, failures: [{ kind: "status", reason: "HTTP 503", requests: 2 }] },
                makeStyle(false),
            ),
        ).toMatch(
            /^.*\n30 requests, 4 at a time, connections used more than once\n[^]*\nFAILED BY +REQUESTS\nHTTP 503 +2\n/,
        );
        expect(text.split("\n").map((line) => line.trimEnd())).toEqual([
            `${site.bookinfo.url.href}  as --url names it`,
            "30 requests, 4 at a time, each on a connection of its own",
            "",
            "SENT  SUCCEEDED  FAILED  DURATION  PER SECOND  P50     P90      P99     MAX",
            "30    30         0       1.5 s     20.0        4.3 ms  10.0 ms  120 ms  1235 ms",
            "",
            "REVIEWS",
            "30 pages name the pod of shop/reviews that answered; expected: an equal part for each ready pod, " +
                "since nothing routes it otherwise",
            "VERSION  ANSWERS  SHARE   95 % INTERVAL     EXPECTED  PODS",
            "v1       10       33.3 %  19.2 % to 51.2 %  33.3 %    reviews-v1",
            "v2       10       33.3 %  19.2 % to 51.2 %  33.3 %    reviews-v2",
            "v3       10       33.3 %  19.2 % to 51.2 %  33.3 %    reviews-v3",
            "",
            "HOPS",
            "HOP                           SECURITY    REQUESTS  FROM IDENTITY                                   " +
                "        TO IDENTITY",
            "this client -> front-istio    plaintext   30",
            ...PODS.map((pod) => `productpage-v1 -> ${pod}  mutual TLS  10        ${PRODUCTPAGE}  ${REVIEWS}`),
            "By istio_requests_total of the called pods' proxies, before and after: all requests of that time, " +
                "also others' than these. The proxies of shop/front-istio-1 and shop/productpage-v1 did not tell.",
            "",
            "NAT",
            "Not counted. Saved rules count nothing any more: run this on a node, or read a node's rules with " +
                "--ssh <host>.",
        ]);
    });
});
