import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import type { NodeHosts } from "../../../cluster";
import { endpoint } from "../../../components/internal";
import { describeEndpoints, firstUrl } from "../../../stack";
import { isKnown, Recording, type RecordingOptions, valueOf } from "../../support/mocks";

type Ports = { name?: string; port: number; nodePort?: number }[];
interface Live {
    type?: string;
    ports: Ports;
    status?: object;
}

const GATEWAY: Live = {
    type: "NodePort",
    ports: [
        { name: "status-port", port: 15021, nodePort: 30021 },
        { name: "http", port: 80, nodePort: 30080 },
    ],
};
const KIALI: Live = {
    type: "NodePort",
    ports: [
        { name: "http", port: 20001, nodePort: 30001 },
        { name: "http-metrics", port: 9090, nodePort: 30002 },
    ],
};

const ISTIOD = {
    service: "istiod",
    namespace: "istio-system",
    type: "ClusterIP",
    address: "istiod.istio-system.svc",
    ports: [{ name: "https-dns", port: 15012 }],
};

/** The endpoints of these live Services, by the Services' names. */
async function describeLive(
    services: Readonly<Record<string, Live>>,
    host = "192.0.2.1",
    options: RecordingOptions = {},
    hostname?: string,
) {
    // The status is the cluster's to say.
    const answers = {
        "kubernetes:core/v1:Service": ({ name }: { name: string }) => ({ outputs: { status: services[name]?.status } }),
    };
    const recording = await Recording.start({ answers, ...options });
    const provider = new k8s.Provider("test", {});
    const resources = Object.entries(services).map(([name, { type = "ClusterIP", ports }]) => {
        return [
            name,
            new k8s.core.v1.Service(name, { metadata: { name, namespace: "ns" }, spec: { type, ports } }, { provider }),
        ] as const;
    });
    const all = new Map(resources);
    const generated = all.get("bookinfo-gateway-istio");
    const endpoints = describeEndpoints({
        services: all,
        gateway: generated && { service: generated, name: "bookinfo-gateway-istio", leadsToBookinfo: true, hostname },
        istiod: pulumi.output(ISTIOD),
        nodeHosts: { IPv4: host, IPv6: host },
    });
    await recording.settled();
    return endpoints;
}

describe("describeEndpoints", () => {
    it("knows every endpoint of the walkthrough by its Service", async () => {
        const known = {
            productpage: "bookinfo-gateway-istio",
            gatewayStatus: "bookinfo-gateway-istio",
            kiali: "kiali",
            grafana: "grafana",
            prometheus: "prometheus",
            tracing: "tracing",
            zipkin: "zipkin",
            jaegerCollector: "jaeger-collector",
            loki: "loki",
            istiod: "istiod",
        };
        const services = Object.values(known).map((name) => [name, { ports: [] }]);
        const endpoints = Object.entries(await describeLive(Object.fromEntries(services) as Record<string, Live>));
        const found = endpoints.map(async ([name, endpoint]) => [name, (await valueOf(endpoint))!.service]);
        expect(Object.fromEntries((await Promise.all(found)) as [string, string][])).toEqual(known);
        expect(endpoints.map(([name]) => name)).toEqual(Object.keys(known));
    });

    it("splits the gateway's Service into productpage and its status port, each with a URL", async () => {
        const { productpage, gatewayStatus } = await describeLive({ "bookinfo-gateway-istio": GATEWAY });
        const common = {
            service: "bookinfo-gateway-istio",
            namespace: "ns",
            type: "NodePort",
            address: "bookinfo-gateway-istio.ns.svc",
        };
        expect(await valueOf(productpage!)).toEqual({
            ...common,
            ports: [{ name: "http", port: 80, nodePort: 30080, url: "http://192.0.2.1:30080/productpage" }],
        });
        expect(await valueOf(gatewayStatus!)).toEqual({
            ...common,
            ports: [{ name: "status-port", port: 15021, nodePort: 30021, url: "http://192.0.2.1:30021/healthz/ready" }],
        });
    });

    it("describes Kiali with a URL for each of its ports", async () => {
        const { kiali } = await describeLive({ kiali: KIALI }, "node.example.com");
        expect(await valueOf(kiali!)).toEqual({
            service: "kiali",
            namespace: "ns",
            type: "NodePort",
            address: "kiali.ns.svc",
            ports: [
                { name: "http", port: 20001, nodePort: 30001, url: "http://node.example.com:30001/kiali" },
                { name: "http-metrics", port: 9090, nodePort: 30002, url: "http://node.example.com:30002/metrics" },
            ],
        });
    });

    it("gives neither node port nor URL to a Service that has none", async () => {
        const { kiali } = await describeLive({ kiali: { ports: [{ name: "http", port: 20001 }] } });
        expect(await valueOf(kiali!)).toEqual({
            service: "kiali",
            namespace: "ns",
            type: "ClusterIP",
            address: "kiali.ns.svc",
            ports: [{ name: "http", port: 20001 }],
        });
    });

    it("lists every port of a Service within the cluster, without URLs", async () => {
        const ports = [{ name: "a", port: 14268 }, { name: "b", port: 14250, nodePort: 30250 }, { port: 1 }];
        const { jaegerCollector } = await describeLive({ "jaeger-collector": { ports } });
        expect((await valueOf(jaegerCollector!))!.ports).toEqual([
            { name: "a", port: 14268 },
            { name: "b", port: 14250, nodePort: 30250 },
            { name: "", port: 1 },
        ]);
    });

    it("has istiod's from the control plane, whose chart's objects are out of the program's sight", async () => {
        const { istiod } = await describeLive({});
        expect(await valueOf(istiod!)).toEqual(ISTIOD);
    });

    it.each([
        [{}, ["istiod"]],
        [{ grafana: { ports: [] } }, ["grafana", "istiod"]],
        [
            { tracing: { ports: [] }, zipkin: { ports: [] }, "jaeger-collector": { ports: [] } },
            ["tracing", "zipkin", "jaegerCollector", "istiod"],
        ],
        [{ "loki-headless": { ports: [] }, loki: { ports: [] } }, ["loki", "istiod"]],
    ])(
        "leaves out the endpoints of addons that are switched off: of %j there are %j",
        async (services: Record<string, Live>, names) => {
            expect(Object.keys(await describeLive(services))).toEqual(names);
        },
    );

    it("knows no ports in a preview before the Service exists", async () => {
        const answer = () => ({ outputs: { spec: undefined } });
        const { kiali } = await describeLive({ kiali: KIALI }, "192.0.2.1", {
            preview: true,
            answers: { "kubernetes:core/v1:Service": answer },
        });
        expect(await isKnown(kiali!)).toBe(false);
        expect(await isKnown(firstUrl(kiali))).toBe(false);
    });
});

describe("the URL of a node port", () => {
    const http = { service: "s", paths: { http: "/" } };
    const urlOf = (hosts: NodeHosts, ipFamilies?: string[], nodePort?: number) => {
        const spec = { type: "NodePort", ports: [{ name: "http", port: 80, nodePort }], ipFamilies };
        return endpoint(http, "ns", spec, undefined, hosts).ports[0]!.url;
    };

    it.each([
        ["192.0.2.1", "http://192.0.2.1:30080/"],
        ["node.example.com", "http://node.example.com:30080/"],
        ["2001:db8::1", "http://[2001:db8::1]:30080/"],
        ["::1", "http://[::1]:30080/"],
    ])("%s stands as in %s", (host, expected) => {
        expect(urlOf({ IPv4: host }, ["IPv4"], 30080)).toBe(expected);
        expect(new URL(expected).port).toBe("30080");
    });

    it("has the node's address of the Service's own family", () => {
        const hosts = { IPv4: "192.0.2.1", IPv6: "2001:db8::1" };
        expect(urlOf(hosts, ["IPv6"], 30080)).toBe("http://[2001:db8::1]:30080/");
        expect(urlOf(hosts, ["IPv6", "IPv4"], 30080)).toBe("http://[2001:db8::1]:30080/");
        expect(urlOf({ IPv4: "192.0.2.1" }, ["IPv6", "IPv4"], 30080)).toBe("http://192.0.2.1:30080/");
        expect(urlOf({ IPv4: "192.0.2.1" }, ["IPv6"], 30080)).toBeUndefined();
        expect(urlOf(hosts, undefined, 30080)).toBe("http://192.0.2.1:30080/");
    });

    it.each([undefined, 0])("is none where the node port is %s", (nodePort) => {
        const spec = { type: "ClusterIP", ports: [{ name: "http", port: 80, nodePort }] };
        const { ports } = endpoint(http, "ns", spec, undefined, { IPv4: "192.0.2.1" });
        expect(ports).toEqual([{ name: "http", port: 80 }]);
    });
});

describe("a Service with a load balancer", () => {
    const balanced = { ...GATEWAY, type: "LoadBalancer" };
    const described = (ingress: object[]) =>
        describeLive({ "bookinfo-gateway-istio": { ...balanced, status: { loadBalancer: { ingress } } } });

    it.each([
        [{ ip: "203.0.113.7" }, "203.0.113.7", "203.0.113.7"],
        [{ ip: "2001:db8::7", ipMode: "VIP" }, "2001:db8::7", "[2001:db8::7]"],
        [{ hostname: "lb.example.com" }, "lb.example.com", "lb.example.com"],
    ])("answers there, and not at a node: %j", async (ingress, loadBalancer, host) => {
        const { productpage, gatewayStatus } = await described([ingress]);
        expect(await valueOf(productpage!)).toMatchObject({
            type: "LoadBalancer",
            loadBalancer,
            ports: [{ name: "http", port: 80, nodePort: 30080, url: `http://${host}/productpage` }],
        });
        expect((await valueOf(gatewayStatus!))!.ports[0]!.url).toBe(`http://${host}:15021/healthz/ready`);
        expect(await valueOf(firstUrl(productpage))).toBe(`http://${host}/productpage`);
    });

    it("has no URL before it has an address", async () => {
        const { productpage } = await described([]);
        expect(await valueOf(productpage!)).not.toHaveProperty("loadBalancer");
        expect(await valueOf(firstUrl(productpage))).toBeUndefined();
    });
});

describe("firstUrl", () => {
    it("is Kiali's own page, not its metrics", async () => {
        const { kiali } = await describeLive({ kiali: KIALI });
        expect(await valueOf(firstUrl(kiali))).toBe("http://192.0.2.1:30001/kiali");
    });

    it("passes over ports without a URL", async () => {
        const { kiali } = await describeLive({
            kiali: { type: "NodePort", ports: [{ name: "other", port: 1, nodePort: 30003 }, KIALI.ports[0]!] },
        });
        expect(await valueOf(firstUrl(kiali))).toBe("http://192.0.2.1:30001/kiali");
    });

    it("is undefined without a node port", async () => {
        const { kiali } = await describeLive({ kiali: { ports: [{ name: "http", port: 20001 }] } });
        const found = firstUrl(kiali);
        expect([await isKnown(found), await valueOf(found)]).toEqual([true, undefined]);
    });

    it("is undefined for an addon that is switched off", async () => {
        await Recording.start();
        const found = firstUrl(undefined);
        expect([await isKnown(found), await valueOf(found)]).toEqual([true, undefined]);
    });
});
