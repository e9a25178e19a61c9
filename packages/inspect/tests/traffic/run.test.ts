import { describe, expect, it } from "vitest";
import { inspectMesh } from "../../src";
import { pattern } from "../../testing/pattern";
import { PODS, PRODUCTPAGE, REVIEWS, Site } from "./site";

const site = new Site();

describe("requests to the product page", () => {
    it("are sent, counted and joined with the cluster", async () => {
        site.tellMetrics();
        const { traffic: report, findings, ok } = await site.traffic();
        expect({ ok, findings }).toEqual({ ok: true, findings: [] });
        expect(report).toMatchObject({
            url: site.bookinfo.url.href,
            found: "as --url names it",
            asked: 30,
            concurrency: 4,
            keepAlive: false,
            ended: "complete",
            sent: 30,
            succeeded: 30,
            failed: 0,
            cutOff: 0,
            failures: [],
            pageErrors: {},
        });
        expect(report!.latency!.p50).toBeGreaterThan(0);
        expect(report!.latency!.max).toBeGreaterThanOrEqual(report!.latency!.p99);
        expect(report!.reviews).toMatchObject({ service: "shop/reviews", pages: 30 });
        expect(report!.reviews.versions.map(({ version, answers, expected }) => [version, answers, expected])).toEqual([
            ["v1", 10, 1 / 3],
            ["v2", 10, 1 / 3],
            ["v3", 10, 1 / 3],
        ]);
        expect(report!.hops.source).toBe("istio_requests_total");
        expect(report!.hops.said).toContain("The proxies of shop/front-istio-1 and shop/productpage-v1 did not tell.");
        expect(report!.hops.rows).toEqual([
            { from: "this client", to: "front-istio", security: "plaintext", requests: 30 },
            ...PODS.map((pod) => ({
                from: "productpage-v1",
                to: pod,
                fromIdentity: PRODUCTPAGE,
                toIdentity: REVIEWS,
                security: "mutual TLS",
                requests: 10,
            })),
        ]);
        expect(report!.nat).toEqual({
            counted: false,
            why: "Saved rules count nothing any more: run this on a node, or read a node's rules with --ssh <host>.",
        });
    });

    it("are plain data, and change nothing else of the report", async () => {
        const report = await site.traffic({ requests: 3 });
        expect(Object.keys(report)).toEqual(["at", "cluster", "namespaces", "traffic", "findings", "ok"]);
        expect(JSON.parse(JSON.stringify(report.traffic))).toEqual(report.traffic);
    });

    it("are never sent by doctor", async () => {
        const before = site.bookinfo.requests.length;
        const report = await inspectMesh({
            kubeconfig: site.api.kubeconfig,
            sections: ["doctor"],
            ask: false,
            rules: { kind: "file", files: [site.rulesFile()] },
            traffic: { url: site.bookinfo.url.href },
        });
        expect([site.bookinfo.requests.length - before, report.traffic]).toEqual([0, undefined]);
    });

    it("that fail are a problem each reason of which is counted", async () => {
        site.page = (number) =>
            number % 3 === 0 ? { status: 503 } : number % 3 === 1 ? { hang: true } : { pod: "reviews-v1" };
        const { traffic: report, findings, ok } = await site.traffic({ timeout: 3000, concurrency: 12, requests: 12 });
        expect(ok).toBe(false);
        expect(report).toMatchObject({
            sent: 12,
            succeeded: 4,
            failed: 8,
            failures: [
                { kind: "status", reason: "HTTP 503", requests: 4 },
                { kind: "timeout", reason: "no answer in 3 s", requests: 4 },
            ],
        });
        expect(findings.find(({ code }) => code === "traffic/failed")!.message).toBe(
            `8 of 12 requests to ${site.bookinfo.url.href} failed: HTTP 503 (4) and no answer in 3 s (4); see the ` +
                "logs of the gateway's and productpage's istio-proxy.",
        );
    });

    it("that nothing answers end soon, in one sentence", async () => {
        const { traffic: report, findings } = await site.traffic({
            url: "http://127.0.0.1:1/productpage",
            requests: 1000,
        });
        expect(report).toMatchObject({ ended: "gave up", succeeded: 0, hops: { source: "none", rows: [] } });
        expect(findings.map(({ code }) => code)).toEqual(["traffic/no-success"]);
        expect(findings[0]!.message).toMatch(
            pattern(
                /^None of 2\d requests to http:\/\/127\.0\.0\.1:1\/productpage succeeded: connect ECONNREFUSED /,
                /127\.0\.0\.1:1 \(2\d\); no more were sent; check that this machine reaches it/,
            ),
        );
    });

    it("are ended early, and shown as far as they came", async () => {
        const ending = new AbortController();
        const seen: string[] = [];
        const {
            traffic: report,
            findings,
            ok,
        } = await site.traffic({
            requests: 1000,
            concurrency: 1,
            watch: {
                signal: ending.signal,
                begin: (url, requests) => seen.push(`begin ${url === site.bookinfo.url.href} ${requests}`),
                progress: (done, failed) => {
                    seen.push(`${done} ${failed}`);
                    if (done === 9) ending.abort();
                },
                end: () => seen.push("end"),
            },
        });
        expect([seen[0], seen[1], seen.at(-2), seen.at(-1)]).toEqual(["begin true 1000", "1 0", "9 0", "end"]);
        expect(report).toMatchObject({ ended: "interrupted", sent: 9, succeeded: 9 });
        expect([ok, findings.map(({ message }) => message)]).toEqual([
            true,
            ["The sending was ended after 9 of 1000 requests: what is shown is of those."],
        ]);
    });

    it("go by themselves to the Gateway's node port, at the node whose rules are read", async () => {
        const { traffic: report } = await site.traffic(
            { url: undefined, requests: 3 },
            { rules: { kind: "ssh", target: "root@127.0.0.1", port: 1 } },
        );
        expect(report).toMatchObject({
            url: site.bookinfo.url.href,
            found: "by the Service shop/front-istio of the Gateway shop/front",
            succeeded: 3,
        });
        await expect(
            site.traffic({ url: undefined, requests: 3 }, { namespaces: ["shop"], node: "node-2" }),
        ).resolves.toMatchObject({ traffic: { url: site.bookinfo.url.href } });
    });

    it("are judged by the routes that the cluster has, or not at all where those may not be read", async () => {
        const weights = {
            metadata: { namespace: "shop", name: "reviews" },
            spec: { hosts: ["reviews"], http: [{ route: [{ destination: { host: "reviews", subset: "v2" } }] }] },
        };
        const virtualServices = "/apis/networking.istio.io/v1/virtualservices";
        site.api.instead = {
            [virtualServices]: { items: [weights] },
            "/apis/networking.istio.io/v1/destinationrules": {
                items: [
                    {
                        metadata: { namespace: "shop", name: "reviews" },
                        spec: { host: "reviews", subsets: [{ name: "v2", labels: { version: "v2" } }] },
                    },
                ],
            },
        };
        const { traffic: report, findings } = await site.traffic();
        expect(report!.reviews.versions.map(({ version, expected }) => [version, expected])).toEqual([
            ["v1", 0],
            ["v2", 1],
            ["v3", 0],
        ]);
        expect(findings.map(({ severity, code }) => `${severity} ${code}`)).toEqual(
            Array.from({ length: 3 }, () => "problem traffic/share"),
        );
        site.api.instead = { [virtualServices]: { status: 403 } };
        expect((await site.traffic()).traffic!.reviews.expectation).toEqual({
            known: false,
            why: "this user may not list VirtualServices and DestinationRules",
        });
    });

    it("need something to go to", async () => {
        await expect(site.traffic({ url: undefined }, { namespaces: ["default"] })).rejects.toThrow(
            "No Gateway leads to productpage in the namespaces looked at",
        );
    });
});
