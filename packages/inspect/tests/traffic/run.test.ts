import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { inspectMesh, type InspectOptions } from "../../src";
import { GATEWAY_LABEL } from "../../src/mesh/pods";
import { trafficText } from "../../src/text/requests";
import { makeStyle } from "../../src/text/table";
import { type FakeApi, fakeApi } from "../../testing/apiServer";
import { type FakeBookinfo, fakeBookinfo, productPage } from "../../testing/bookinfo";
import { node, service } from "../../testing/cluster";
import { injected, mesh } from "../../testing/mesh";
import { ruleSet } from "../../testing/rules";

const PODS = ["reviews-v1", "reviews-v2", "reviews-v3"];
const PRODUCTPAGE = "spiffe://cluster.local/ns/shop/sa/bookinfo-productpage";
const REVIEWS = "spiffe://cluster.local/ns/shop/sa/bookinfo-reviews";

let api: FakeApi;
let bookinfo: FakeBookinfo;
let dir: string;
/** Requests that each pod of reviews answered. */
let served: Map<string, number>;
/** What the product page does with a request, by its number. */
let page: (number: number) => { status?: number; pod?: string; headers?: Record<string, string>; hang?: boolean };

beforeAll(async () => {
    bookinfo = await fakeBookinfo((_, response, number) => {
        const { status = 200, pod, headers = {}, hang } = page(number);
        if (hang) return;
        if (pod !== undefined) served.set(pod, (served.get(pod) ?? 0) + 1);
        response.writeHead(status, headers).end(pod === undefined ? "an error" : productPage(pod));
    });
    dir = mkdtempSync(join(tmpdir(), "inspect-"));
    // As if it were the nodes' own port, and this machine the second one.
    const base = mesh();
    const loopback = { ...node("node-2"), status: { addresses: [{ type: "InternalIP", address: "127.0.0.1" }] } };
    const front = service({
        name: "front-istio",
        clusterIP: "10.96.0.20",
        selector: { [GATEWAY_LABEL]: "front" },
        ports: [{ name: "http", port: 80, nodePort: Number(bookinfo.url.port) }],
    });
    api = await fakeApi({
        ...base,
        services: [...base.services, front],
        pods: [...base.pods, injected({ name: "front-istio-1", ip: "10.244.0.30" })],
        nodes: [node(), loopback],
    });
});
beforeEach(() => {
    served = new Map();
    let first: number | undefined;
    // In turn, so that nothing is left to chance.
    page = (number) => ({ pod: PODS[(number - (first ??= number)) % 3]! });
    api.more.clear();
    api.failures.clear();
    api.asked.length = 0;
});
afterEach(() => expect(bookinfo.underWay()).toBe(0));
afterAll(async () => {
    await Promise.all([api.stop(), bookinfo.stop()]);
    rmSync(dir, { recursive: true });
});

const traffic = (over: InspectOptions["traffic"] = {}, options: Partial<InspectOptions> = {}) =>
    inspectMesh({
        kubeconfig: api.kubeconfig,
        sections: ["traffic"],
        rules: { kind: "file", files: [join(dir, "none")] },
        traffic: { url: bookinfo.url.href, requests: 30, ...over },
        ...options,
    });

/** Proxies of reviews tell metrics that grow by what they answered; others tell none. */
function tellMetrics(policy: "mutual_tls" | "none" = "mutual_tls") {
    for (const pod of PODS) {
        const metrics = () =>
            `istio_requests_total{reporter="destination",source_workload="productpage-v1",source_principal="${policy === "none" ? "unknown" : PRODUCTPAGE}",destination_workload="${pod}",destination_principal="${policy === "none" ? "unknown" : REVIEWS}",connection_security_policy="${policy}",response_code="200"} ${1000 + (served.get(pod) ?? 0)}\n`;
        api.more.set(`/api/v1/namespaces/shop/pods/${pod}:15020/proxy/stats/prometheus`, metrics);
    }
}

describe("requests to the product page", () => {
    it("are sent, counted and joined with the cluster", async () => {
        tellMetrics();
        const { traffic: report, findings, ok } = await traffic();
        expect({ ok, findings }).toEqual({ ok: true, findings: [] });
        expect(report).toMatchObject({
            url: bookinfo.url.href,
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
        const report = await traffic({ requests: 3 });
        expect(Object.keys(report)).toEqual(["at", "cluster", "namespaces", "traffic", "findings", "ok"]);
        expect(JSON.parse(JSON.stringify(report.traffic))).toEqual(report.traffic);
    });

    it("are never sent by doctor", async () => {
        const before = bookinfo.requests.length;
        const report = await inspectMesh({
            kubeconfig: api.kubeconfig,
            sections: ["doctor"],
            ask: false,
            rules: { kind: "file", files: [rulesFile()] },
            traffic: { url: bookinfo.url.href },
        });
        expect([bookinfo.requests.length - before, report.traffic]).toEqual([0, undefined]);
    });

    it("that fail are a problem each reason of which is counted", async () => {
        page = (number) =>
            number % 3 === 0 ? { status: 503 } : number % 3 === 1 ? { hang: true } : { pod: "reviews-v1" };
        const { traffic: report, findings, ok } = await traffic({ timeout: 3000, concurrency: 12, requests: 12 });
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
            `8 of 12 requests to ${bookinfo.url.href} failed: HTTP 503 (4) and no answer in 3 s (4); see the logs of the gateway's and productpage's istio-proxy.`,
        );
    });

    it("that nothing answers end soon, in one sentence", async () => {
        const { traffic: report, findings } = await traffic({ url: "http://127.0.0.1:1/productpage", requests: 1000 });
        expect(report).toMatchObject({ ended: "gave up", succeeded: 0, hops: { source: "none", rows: [] } });
        expect(findings.map(({ code }) => code)).toEqual(["traffic/no-success"]);
        expect(findings[0]!.message).toMatch(
            /^None of 2\d requests to http:\/\/127\.0\.0\.1:1\/productpage succeeded: connect ECONNREFUSED 127\.0\.0\.1:1 \(2\d\); no more were sent; check that this machine reaches it/,
        );
    });

    it("are ended early, and shown as far as they came", async () => {
        const ending = new AbortController();
        const seen: string[] = [];
        const {
            traffic: report,
            findings,
            ok,
        } = await traffic({
            requests: 1000,
            concurrency: 1,
            watch: {
                signal: ending.signal,
                begin: (url, requests) => seen.push(`begin ${url === bookinfo.url.href} ${requests}`),
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
        const { traffic: report } = await traffic(
            { url: undefined, requests: 3 },
            { rules: { kind: "ssh", target: "root@127.0.0.1", port: 1 } },
        );
        expect(report).toMatchObject({
            url: bookinfo.url.href,
            found: "by the Service shop/front-istio of the Gateway shop/front",
            succeeded: 3,
        });
        await expect(
            traffic({ url: undefined, requests: 3 }, { namespaces: ["shop"], node: "node-2" }),
        ).resolves.toMatchObject({ traffic: { url: bookinfo.url.href } });
    });

    it("are judged by the routes that the cluster has, or not at all where those may not be read", async () => {
        const weights = {
            metadata: { namespace: "shop", name: "reviews" },
            spec: { hosts: ["reviews"], http: [{ route: [{ destination: { host: "reviews", subset: "v2" } }] }] },
        };
        api.more.set("/apis/networking.istio.io/v1/virtualservices", () => ({ items: [weights] }));
        api.more.set("/apis/networking.istio.io/v1/destinationrules", () => ({
            items: [
                {
                    metadata: { namespace: "shop", name: "reviews" },
                    spec: { host: "reviews", subsets: [{ name: "v2", labels: { version: "v2" } }] },
                },
            ],
        }));
        const { traffic: report, findings } = await traffic();
        expect(report!.reviews.versions.map(({ version, expected }) => [version, expected])).toEqual([
            ["v1", 0],
            ["v2", 1],
            ["v3", 0],
        ]);
        expect(findings.map(({ severity, code }) => `${severity} ${code}`)).toEqual(
            Array.from({ length: 3 }, () => "problem traffic/share"),
        );
        api.more.clear();
        api.failures.set("/apis/networking.istio.io/v1/virtualservices", 403);
        expect((await traffic()).traffic!.reviews.expectation).toEqual({
            known: false,
            why: "this user may not list VirtualServices and DestinationRules",
        });
    });

    it("need something to go to", async () => {
        await expect(traffic({ url: undefined }, { namespaces: ["default"] })).rejects.toThrow(
            "No Gateway leads to productpage in the namespaces looked at",
        );
    });
});

describe("the hops of requests", () => {
    it("in plaintext are noted, but not the client's own", async () => {
        tellMetrics("none");
        const { findings, ok } = await traffic();
        expect(ok).toBe(true);
        expect(findings.map(({ severity, code, subject }) => `${severity} ${code} ${subject}`)).toEqual(
            PODS.map((pod) => `note traffic/plaintext productpage-v1 -> ${pod}`),
        );
        expect(findings[0]!.message).toMatch(
            /^10 requests from productpage-v1 to reviews-v1 came in plaintext, without mutual TLS: /,
        );
    });

    it("are counted also where a proxy counts them a moment after the answer", async () => {
        tellMetrics();
        page = () => {
            setTimeout(() => served.set("reviews-v1", (served.get("reviews-v1") ?? 0) + 1), 50);
            return { headers: {} };
        };
        const { traffic: report } = await traffic({ requests: 5, concurrency: 5 });
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
        page = () => ({ pod: "reviews-v1", headers: { "x-lab-hops": hops } });
        const { traffic: report, findings } = await traffic({ requests: 5 });
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
        const refused = `/api/v1/namespaces/shop/pods/productpage-v1${encodeURIComponent(":")}15020/proxy/stats${encodeURIComponent("/")}prometheus`;
        api.failures.set(refused, 403);
        const { traffic: report, ok } = await traffic({ requests: 3 });
        expect(report!.hops).toMatchObject({
            source: "none",
            said: "Whether the hops inside of the mesh are mutual TLS cannot be told: this user may not read the proxies' metrics by the API server (pods/proxy), and no answer carries the lab's header x-lab-hops.",
        });
        expect(ok).toBe(true);
    });
});

/** Rules in which the node port leads to one pod, as saved to a file; each rule has counted so many packets. */
function rulesFile(packets = 0): string {
    const file = join(dir, "rules.txt");
    writeFileSync(
        file,
        ruleSet(
            [
                {
                    name: "shop/front-istio:http",
                    clusterIP: "10.96.0.20",
                    port: 80,
                    nodePort: Number(bookinfo.url.port),
                    endpoints: [{ address: "10.244.0.30", port: 80 }],
                },
                {
                    name: "shop/productpage:http",
                    clusterIP: "10.96.0.11",
                    port: 9080,
                    endpoints: [{ address: "10.244.0.1", port: 9080 }],
                },
                {
                    name: "shop/reviews:http",
                    clusterIP: "10.96.0.10",
                    port: 9080,
                    endpoints: [2, 3, 4].map((host) => ({ address: `10.244.0.${host}`, port: 9080 })),
                },
            ],
            { counters: true },
        ).replaceAll("[0:0] -A", `[${packets}:${packets * 60}] -A`),
    );
    return file;
}

describe("a node's NAT rules", () => {
    const path = process.env.PATH;
    afterEach(() => {
        process.env.PATH = path;
    });

    /** A node that prints that file when it is asked by ssh. */
    function nodePrints(file: string) {
        writeFileSync(join(dir, "ssh"), `#!/bin/sh\ncat > /dev/null\ncat ${file}\n`);
        chmodSync(join(dir, "ssh"), 0o755);
        process.env.PATH = `${dir}:${path}`;
        return { kind: "ssh", target: "root@10.0.0.1" } as const;
    }

    it("are read before and after, and counted between", async () => {
        const rules = nodePrints(rulesFile(500));
        let seen = 500;
        page = () => {
            rulesFile(++seen);
            return { pod: "reviews-v1" };
        };
        const { traffic: report } = await traffic({ requests: 12 }, { rules });
        expect(report!.nat).toMatchObject({
            counted: true,
            source: "the rules of root@10.0.0.1",
            node: "node-1",
            servicePort: "shop/front-istio:http",
            nodePort: Number(bookinfo.url.port),
        });
        const { steps } = report!.nat as Extract<typeof report, object>["nat"] & { counted: true };
        expect(steps.map(({ step, connections, pod }) => [step, connections, pod])).toEqual([
            ["node port", 12, undefined],
            ["external", 12, undefined],
            ["service", 12, undefined],
            ["endpoint", 12, "front-istio-1"],
        ]);
    });

    it("that count nothing are noted where there were answers", async () => {
        const { findings, ok } = await traffic({ requests: 3 }, { rules: nodePrints(rulesFile(500)) });
        expect(findings.map(({ severity, code }) => `${severity} ${code}`)).toEqual(["note traffic/nat-silent"]);
        expect(ok).toBe(true);
    });

    it("that cannot be read are a sentence, not a failure", async () => {
        const rules = nodePrints(join(dir, "none"));
        const { traffic: report, ok } = await traffic({ requests: 3 }, { rules });
        expect(report!.nat).toEqual({
            counted: false,
            why: expect.stringMatching(/^The host root@10\.0\.0\.1 cannot be asked by ssh/),
        });
        expect(ok).toBe(true);
    });
});

describe("the table", () => {
    it("shows all of it", async () => {
        tellMetrics();
        const { traffic: report } = await traffic();
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
            `${bookinfo.url.href}  as --url names it`,
            "30 requests, 4 at a time, each on a connection of its own",
            "",
            "SENT  SUCCEEDED  FAILED  DURATION  PER SECOND  P50     P90      P99     MAX",
            "30    30         0       1.5 s     20.0        4.3 ms  10.0 ms  120 ms  1235 ms",
            "",
            "REVIEWS",
            "30 pages name the pod of shop/reviews that answered; expected: an equal part for each ready pod, since nothing routes it otherwise",
            "VERSION  ANSWERS  SHARE   95 % INTERVAL     EXPECTED  PODS",
            "v1       10       33.3 %  19.2 % to 51.2 %  33.3 %    reviews-v1",
            "v2       10       33.3 %  19.2 % to 51.2 %  33.3 %    reviews-v2",
            "v3       10       33.3 %  19.2 % to 51.2 %  33.3 %    reviews-v3",
            "",
            "HOPS",
            "HOP                           SECURITY    REQUESTS  FROM IDENTITY                                           TO IDENTITY",
            "this client -> front-istio    plaintext   30",
            ...PODS.map((pod) => `productpage-v1 -> ${pod}  mutual TLS  10        ${PRODUCTPAGE}  ${REVIEWS}`),
            "By istio_requests_total of the called pods' proxies, before and after: all requests of that time, also others' than these. The proxies of shop/front-istio-1 and shop/productpage-v1 did not tell.",
            "",
            "NAT",
            "Not counted. Saved rules count nothing any more: run this on a node, or read a node's rules with --ssh <host>.",
        ]);
    });
});
