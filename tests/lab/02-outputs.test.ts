import { beforeAll, describe, expect, test } from "vitest";
import { ISTIO_NAMESPACE } from "@istio-on-pulumi/kube";
import { Lab, TEST_LAB } from "../support/lab";
import { byKey, getAll, getOne, type KubeObject } from "../support/lab-objects";
import { Stack } from "../support/lab-stack";
import { BOOKINFO_NAMESPACE } from "../support/lab-walkthrough";
import { nodePortOf, type Service } from "../support/objects";

interface Endpoint {
    service: string;
    namespace: string;
    type: string;
    address: string;
    ports: { name: string; port: number; nodePort?: number; url?: string }[];
}

interface Outputs {
    productpageUrl: string;
    kialiUrl: string;
    endpoints: Record<string, Endpoint>;
    versions: Record<string, string>;
}

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);
let outputs: Outputs;
let services: Map<string, KubeObject>;
let nodeHost: string;

const live = (namespace: string, name: string) => services.get(`Service ${namespace}/${name}`) as Service;

beforeAll(async () => {
    await stack.ensureUp();
    outputs = await stack.outputs<Outputs>();
    services = byKey(await getAll(lab, "services", "--all-namespaces"));
    nodeHost = stack.settings()["cluster.nodeHost"]!;
});

describe("endpoints", () => {
    // The walkthrough's endpoints: each output with its Service, and which of the Service's ports it has.
    test.each([
        ["productpage", BOOKINFO_NAMESPACE, "bookinfo-gateway-istio", ["http"]],
        ["gatewayStatus", BOOKINFO_NAMESPACE, "bookinfo-gateway-istio", ["status-port"]],
        ["kiali", ISTIO_NAMESPACE, "kiali", undefined],
        ["grafana", ISTIO_NAMESPACE, "grafana", undefined],
        ["prometheus", ISTIO_NAMESPACE, "prometheus", undefined],
        ["tracing", ISTIO_NAMESPACE, "tracing", undefined],
        ["zipkin", ISTIO_NAMESPACE, "zipkin", undefined],
        ["jaegerCollector", ISTIO_NAMESPACE, "jaeger-collector", undefined],
        ["loki", ISTIO_NAMESPACE, "loki", undefined],
        ["istiod", ISTIO_NAMESPACE, "istiod", undefined],
    ])("%s is the live Service %s/%s", (name, namespace, service, only) => {
        const { spec } = live(namespace, service);
        const endpoint = outputs.endpoints[name]!;
        expect(endpoint).toMatchObject({ service, namespace, type: spec.type, address: `${service}.${namespace}.svc` });
        const expected = spec.ports
            .filter((port) => only === undefined || only.includes(port.name))
            .map(({ name, port, nodePort }) => ({ name, port, ...(nodePort && { nodePort }) }));
        expect(endpoint.ports.map(({ url: _, ...port }) => port)).toEqual(expected);
    });

    test("are no others", () => {
        expect(Object.keys(outputs.endpoints)).toHaveLength(10);
    });

    test("have a URL on the node exactly where they have a node port", () => {
        const ports = Object.values(outputs.endpoints).flatMap((endpoint) => endpoint.ports);
        expect(ports.filter(({ nodePort }) => nodePort !== undefined)).toHaveLength(4);
        for (const { nodePort, url } of ports) {
            if (nodePort === undefined) expect(url).toBeUndefined();
            else expect(url).toMatch(new RegExp(`^http://${nodeHost}:${nodePort}/`));
        }
    });
});

test("productpageUrl and kialiUrl lead to their live node ports", () => {
    expect(outputs.productpageUrl).toBe(
        `http://${nodeHost}:${nodePortOf(live(BOOKINFO_NAMESPACE, "bookinfo-gateway-istio"), 80)}/productpage`,
    );
    expect(outputs.kialiUrl).toBe(`http://${nodeHost}:${nodePortOf(live(ISTIO_NAMESPACE, "kiali"), 20001)}/kiali`);
});

test("versions are those of the live objects", async () => {
    const crd = await getOne(lab, "customresourcedefinition", "gateways.gateway.networking.k8s.io");
    const server = JSON.parse(await lab.output(["kubectl", "version", "-o", "json"])) as {
        serverVersion: { gitVersion: string };
    };
    expect(outputs.versions).toEqual({
        istio: "1.25.1",
        istioImages: "1.25.1",
        gatewayApi: crd.metadata.annotations?.["gateway.networking.k8s.io/bundle-version"],
        bookinfo: "1.20.2",
        kubernetes: server.serverVersion.gitVersion,
    });
    expect(outputs.versions.gatewayApi).toBe("v1.2.1");
});

test("no output tells how the cluster is reached", () => {
    expect(JSON.stringify(outputs)).not.toMatch(/certificate|BEGIN |client-key|token/i);
});
