import { describe, expect, it } from "vitest";
import { metricsPath, PODS, PRODUCTPAGE, Site } from "./site";

const site = new Site();

describe("the hops of requests", () => {
    it("in plaintext are noted, but not the client's own", async () => {
        site.tellMetrics("none");
        const { findings, ok } = await site.traffic();
        expect(ok).toBe(true);
        expect(findings.map(({ severity, code, subject }) => `${severity} ${code} ${subject}`)).toEqual(
            PODS.map((pod) => `note traffic/plaintext productpage-v1 -> ${pod}`),
        );
        expect(findings[0]!.message).toMatch(
            /^10 requests from productpage-v1 to reviews-v1 came in plaintext, without mutual TLS: /,
        );
    });

    it("are counted also where a proxy counts them a moment after the answer", async () => {
        site.tellMetrics();
        site.page = () => {
            setTimeout(() => site.count("reviews-v1"), 50);
            return { headers: {} };
        };
        const { traffic: report } = await site.traffic({ requests: 5, concurrency: 5 });
        expect(report!.hops.rows.map(({ to, requests }) => [to, requests])).toEqual([
            ["front-istio", 5],
            ["reviews-v1", 5],
        ]);
    });

    it("are those of the lab's header where no proxy tells metrics", async () => {
        const hops = JSON.stringify([
            {
                from: "front-istio",
                to: "productpage",
                pod: "productpage-v1",
                peer: "spiffe://cluster.local/ns/shop/sa/front-istio",
                own: PRODUCTPAGE,
            },
            { from: null, to: "details", pod: "details-v1", peer: null, own: null },
        ]);
        site.page = () => ({ pod: "reviews-v1", headers: { "x-lab-hops": hops } });
        const { traffic: report, findings } = await site.traffic({ requests: 5 });
        expect(report!.hops).toMatchObject({
            source: "x-lab-hops",
            rows: [
                { from: "this client", security: "plaintext" },
                {
                    from: "front-istio",
                    to: "productpage",
                    toIdentity: PRODUCTPAGE,
                    security: "mutual TLS",
                    requests: 5,
                },
                { from: "unknown", to: "details", security: "plaintext", requests: 5 },
            ],
        });
        expect(report!.hops.said).toContain("no proxy tells its metrics at port 15020");
        expect(findings.filter(({ code }) => code === "traffic/plaintext")).toHaveLength(1);
    });

    it("are said not to be known where neither tells, or the user may not ask", async () => {
        site.api.instead = { [metricsPath("productpage-v1")]: { status: 403 } };
        const { traffic: report, ok } = await site.traffic({ requests: 3 });
        expect(report!.hops).toMatchObject({
            source: "none",
            said:
                "Whether the hops inside of the mesh are mutual TLS cannot be told: this user may not read the " +
                "proxies' metrics by the API server (pods/proxy), and no answer carries the lab's header x-lab-hops.",
        });
        expect(ok).toBe(true);
    });
});
