import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { inspectMesh, type InspectOptions } from "../../src";
import { GATEWAY_LABEL } from "../../src/mesh/pods";
import { type FakeApi, fakeApi } from "../../testing/apiServer";
import { type FakeBookinfo, fakeBookinfo, productPage } from "../../testing/bookinfo";
import { node, service } from "../../testing/cluster";
import { injected, mesh, MESH_PORTS } from "../../testing/mesh";
import { ruleSet } from "../../testing/rules";

export const PODS = ["reviews-v1", "reviews-v2", "reviews-v3"];
export const PRODUCTPAGE = "spiffe://cluster.local/ns/shop/sa/bookinfo-productpage";
export const REVIEWS = "spiffe://cluster.local/ns/shop/sa/bookinfo-reviews";

/** What the product page does with a request, by its number. */
type Page = (number: number) => { status?: number; pod?: string; headers?: Record<string, string>; hang?: boolean };

/** A product page that answers on loopback, and the API server of its cluster, for the tests of one file. */
export class Site {
    api!: FakeApi;
    bookinfo!: FakeBookinfo;
    /** A directory that ends with the tests. */
    dir!: string;
    page!: Page;
    /** Requests that each pod of reviews answered. */
    private readonly served = new Map<string, number>();

    constructor() {
        beforeAll(() => this.start());
        beforeEach(() => this.reset());
        afterEach(() => expect(this.bookinfo.underWay()).toBe(0));
        afterAll(async () => {
            await Promise.all([this.api.stop(), this.bookinfo.stop()]);
            rmSync(this.dir, { recursive: true });
        });
    }

    private async start(): Promise<void> {
        this.bookinfo = await fakeBookinfo((_, response, number) => {
            const { status = 200, pod, headers = {}, hang } = this.page(number);
            if (hang) return;
            if (pod !== undefined) this.count(pod);
            response.writeHead(status, headers).end(pod === undefined ? "an error" : productPage(pod));
        });
        this.dir = mkdtempSync(join(tmpdir(), "inspect-"));
        // As if it were the nodes' own port, and this machine the second one.
        const base = mesh();
        const loopback = { ...node("node-2"), status: { addresses: [{ type: "InternalIP", address: "127.0.0.1" }] } };
        const front = service({
            name: "front-istio",
            clusterIP: "10.96.0.20",
            selector: { [GATEWAY_LABEL]: "front" },
            ports: [{ name: "http", port: 80, nodePort: Number(this.bookinfo.url.port) }],
        });
        this.api = await fakeApi({
            ...base,
            services: [...base.services, front],
            pods: [...base.pods, injected({ name: "front-istio-1", ip: "10.244.0.30" })],
            nodes: [node(), loopback],
        });
    }

    private reset(): void {
        this.served.clear();
        let first: number | undefined;
        // In turn, so that nothing is left to chance.
        this.page = (number) => ({ pod: PODS[(number - (first ??= number)) % 3]! });
        this.api.instead = {};
        this.api.asked.length = 0;
    }

    /** Counts a request that a pod answered. */
    count(pod: string): void {
        this.served.set(pod, (this.served.get(pod) ?? 0) + 1);
    }

    /** Inspects with 30 requests to the product page. */
    traffic(over: InspectOptions["traffic"] = {}, options: Partial<InspectOptions> = {}) {
        return inspectMesh({
            kubeconfig: this.api.kubeconfig,
            sections: ["traffic"],
            rules: { kind: "file", files: [join(this.dir, "none")] },
            traffic: { url: this.bookinfo.url.href, requests: 30, ...over },
            ...options,
        });
    }

    /** Proxies of reviews tell metrics that grow by what they answered; others tell none. */
    tellMetrics(policy: "mutual_tls" | "none" = "mutual_tls"): void {
        const identity = (name: string) => (policy === "none" ? "unknown" : name);
        const metrics = (pod: string) => {
            const labels = Object.entries({
                reporter: "destination",
                source_workload: "productpage-v1",
                source_principal: identity(PRODUCTPAGE),
                destination_workload: pod,
                destination_principal: identity(REVIEWS),
                connection_security_policy: policy,
                response_code: "200",
            }).map(([name, value]) => `${name}="${value}"`);
            return `istio_requests_total{${labels.join(",")}} ${1000 + (this.served.get(pod) ?? 0)}\n`;
        };
        const tellers = PODS.map((pod) => [metricsPath(pod), () => ({ text: metrics(pod) })] as const);
        this.api.instead = { ...this.api.instead, ...Object.fromEntries(tellers) };
    }

    /** Rules in which the node port leads to one pod, as saved to a file; each rule has counted so many packets. */
    rulesFile(packets = 0): string {
        const file = join(this.dir, "rules.txt");
        const ports = [
            {
                name: "shop/front-istio:http",
                clusterIP: "10.96.0.20",
                port: 80,
                nodePort: Number(this.bookinfo.url.port),
                endpoints: [{ address: "10.244.0.30", port: 80 }],
            },
            ...MESH_PORTS,
        ];
        const counted = `[${packets}:${packets * 60}] -A`;
        writeFileSync(file, ruleSet(ports, { counters: true }).replaceAll("[0:0] -A", counted));
        return file;
    }
}

/** Where the API server's proxy reaches the metrics of a pod's sidecar. */
export const metricsPath = (pod: string): string => `/api/v1/namespaces/shop/pods/${pod}:15020/proxy/stats/prometheus`;
