import { setImmediate, setTimeout } from "node:timers/promises";
import * as k8s from "@pulumi/kubernetes";
import { describe, expect, it } from "vitest";
import { kubeconfigText, serveApi } from "@istio-on-pulumi/kube/testing";
import { IngressGateway, type IngressGatewayArgs } from "../../../components";
import { tellMade } from "../../support/callbacks";
import { type Answer, isKnown, Recording, type RecordingOptions, UNKNOWN, valueOf } from "../../support/mocks";

const COMPONENT = "istio-on-pulumi:index:IngressGateway::shop";
const GATEWAY = "kubernetes:gateway.networking.k8s.io/v1:Gateway";
const ROUTE = "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute";
const PATCH = "kubernetes:core/v1:ServicePatch";
const SERVICE = "kubernetes:core/v1:Service";
const GENERATED = "shop-istio";
const ROUTE_ARGS = { name: "web", service: "web", port: 8080 };

const live = [
    { name: "status-port", port: 15021, nodePort: 30021 },
    { name: "http", port: 80, nodePort: 30080 },
];
const readLive: Answer = () => ({
    outputs: { metadata: { name: GENERATED, namespace: "sample" }, spec: { type: "NodePort", ports: live } },
});
/** An object that takes its time: whatever does not wait for it has gone by when it answers. */
const slowly: Answer = async () => {
    for (let turn = 0; turn < 50; turn++) {
        await setImmediate();
    }
    return {};
};

async function deploy(args: Partial<IngressGatewayArgs> = {}, options: RecordingOptions = {}, kubeconfig?: string) {
    const recording = await Recording.start({ ...options, answers: { [SERVICE]: readLive, ...options.answers } });
    const provider = new k8s.Provider("test", { kubeconfig });
    const gateway = new IngressGateway("shop", { namespace: "sample", routes: [ROUTE_ARGS], ...args }, { provider });
    await recording.settled();
    return { recording, gateway };
}

describe("IngressGateway", () => {
    it("is a Gateway and its route, and reads the generated Service", async () => {
        const { recording } = await deploy();
        expect(recording.objects).toEqual([
            `${GATEWAY}::shop-gateway`,
            `${ROUTE}::shop-web`,
            `read ${SERVICE}::${GENERATED}`,
        ]);
        expect(recording.registrations.slice(2).map(({ parent }) => parent)).toEqual([COMPONENT, COMPONENT, COMPONENT]);
    });

    it.each(["NodePort", "ClusterIP", "LoadBalancer"] as const)(
        "asks for a generated Service of type %s and waits until the Gateway is programmed",
        async (serviceType) => {
            const { recording } = await deploy({ serviceType });
            expect(recording.one(GATEWAY, "shop-gateway").inputs).toEqual({
                apiVersion: "gateway.networking.k8s.io/v1",
                kind: "Gateway",
                metadata: {
                    name: "shop",
                    namespace: "sample",
                    annotations: {
                        "networking.istio.io/service-type": serviceType,
                        "pulumi.com/waitFor": "condition=Programmed",
                    },
                },
                spec: {
                    gatewayClassName: "istio",
                    infrastructure: { annotations: { "networking.istio.io/service-type": serviceType }, labels: {} },
                    listeners: [
                        { name: "http", port: 80, protocol: "HTTP", allowedRoutes: { namespaces: { from: "Same" } } },
                    ],
                },
            });
        },
    );

    it("is made when its pods are ready, and not as soon as it is programmed", async () => {
        const slices = "/apis/discovery.k8s.io/v1/namespaces/sample/endpointslices";
        const slice = (ready: boolean) => ({ items: [{ endpoints: [{ conditions: { ready } }] }] });
        const api = await serveApi({ [slices]: slice(false) });
        const kubeconfig = kubeconfigText({ prod: api.url });
        const { recording } = await deploy({}, {}, kubeconfig);
        const made = tellMade(recording.hooks.get("shop-serving")!, { metadata: { namespace: "sample" } });
        await api.nextRequest();
        expect(await Promise.race([made, setTimeout(100, "waits")])).toBe("waits");
        api.instead = { [slices]: slice(true) };
        expect(await made).toBe("");
    });

    it("routes to the Service what no path narrows, of the hosts that the route names", async () => {
        const { recording } = await deploy({ routes: [{ ...ROUTE_ARGS, hostnames: ["shop.example.com"] }] });
        expect(recording.one(ROUTE, "shop-web").inputs).toEqual({
            apiVersion: "gateway.networking.k8s.io/v1",
            kind: "HTTPRoute",
            metadata: { name: "web", namespace: "sample" },
            spec: {
                parentRefs: [{ name: "shop" }],
                hostnames: ["shop.example.com"],
                rules: [{ backendRefs: [{ name: "web", port: 8080 }] }],
            },
        });
    });

    it("ends TLS with a Secret, on a port beside HTTP's", async () => {
        const { recording } = await deploy({ tlsSecret: "shop-tls" });
        expect(recording.one(GATEWAY, "shop-gateway").inputs.spec.listeners).toEqual([
            { name: "http", port: 80, protocol: "HTTP", allowedRoutes: { namespaces: { from: "Same" } } },
            {
                name: "https",
                port: 443,
                protocol: "HTTPS",
                tls: { mode: "Terminate", certificateRefs: [{ kind: "Secret", name: "shop-tls" }] },
                allowedRoutes: { namespaces: { from: "Same" } },
            },
        ]);
    });

    it("listens for each of its host names, at both ports, with ports named as for none", async () => {
        const { recording } = await deploy({ hostnames: ["a.example.com", "*.b.example.com"], tlsSecret: "tls" });
        const listeners = recording.one(GATEWAY, "shop-gateway").inputs.spec.listeners as object[];
        expect(listeners).toMatchObject([
            { name: "http", port: 80, hostname: "a.example.com" },
            { name: "http-2", port: 80, hostname: "*.b.example.com" },
            { name: "https", port: 443, hostname: "a.example.com", tls: { certificateRefs: [{ name: "tls" }] } },
            { name: "https-2", port: 443, hostname: "*.b.example.com", tls: { certificateRefs: [{ name: "tls" }] } },
        ]);
        expect(listeners.filter((listener) => "tls" in listener)).toHaveLength(2);
    });

    it("has other listeners where they are given, each port once in the Service", async () => {
        const shared = { port: 8443, protocol: "HTTPS", tlsSecret: "tls" };
        const listeners = [
            { ...shared, name: "a", hostname: "a.example.com", nodePort: 31443 },
            { ...shared, name: "b", hostname: "b.example.com", routesFrom: "All" as const },
        ];
        const { recording } = await deploy({ listeners });
        expect(recording.one(GATEWAY, "shop-gateway").inputs.spec.listeners).toMatchObject([
            { name: "a", hostname: "a.example.com", allowedRoutes: { namespaces: { from: "Same" } } },
            { name: "b", hostname: "b.example.com", allowedRoutes: { namespaces: { from: "All" } } },
        ]);
        expect(recording.one(PATCH, GENERATED).inputs.spec.ports).toEqual([
            { port: 15021, protocol: "TCP" },
            { port: 8443, protocol: "TCP", nodePort: 31443 },
        ]);
    });

    it("hands out the generated Service as the cluster has it", async () => {
        const { gateway } = await deploy();
        expect(await valueOf(gateway.service.spec.ports)).toEqual(live);
        expect(await valueOf(gateway.namespace)).toBe("sample");
        expect(await valueOf(gateway.gatewayName)).toBe("shop");
        expect(await valueOf(gateway.endpoint)).toMatchObject({ service: GENERATED, type: "NodePort", ports: live });
    });

    it("finds the generated Service in the Gateway's own namespace", async () => {
        const { recording } = await deploy({ namespace: "elsewhere" });
        expect(recording.one(SERVICE, GENERATED)).toMatchObject({
            kind: "read",
            id: `elsewhere/${GENERATED}`,
            // What the provider keeps of it otherwise is not what a refresh finds.
            inputs: {
                apiVersion: "v1",
                kind: "Service",
                metadata: {
                    namespace: "elsewhere",
                    name: GENERATED,
                    annotations: {
                        "pulumi.com/skipAwait": "true",
                        "networking.istio.io/service-type": "NodePort",
                    },
                },
            },
        });
    });

    it("reads the generated Service only once the Gateway is programmed", async () => {
        const { recording } = await deploy({}, { answers: { [GATEWAY]: slowly } });
        expect(recording.events.indexOf(`asked ${SERVICE}::${GENERATED}`)).toBeGreaterThan(
            recording.events.indexOf(`answered ${GATEWAY}::shop-gateway`),
        );
    });
});

describe("IngressGateway in a namespace of its own", () => {
    const NAMESPACE = "kubernetes:core/v1:Namespace";
    const own = { namespace: "ingress", ownNamespace: true, namespaceLabels: { team: "edge" } };

    it("makes the namespace first, and takes routes of all namespaces", async () => {
        const { recording, gateway } = await deploy(own, { answers: { [NAMESPACE]: slowly } });
        expect(recording.one(NAMESPACE, "shop-namespace")).toMatchObject({
            parent: COMPONENT,
            inputs: { metadata: { name: "ingress", labels: { team: "edge" } } },
        });
        const { dependencies, inputs } = recording.one(GATEWAY, "shop-gateway");
        expect(dependencies).toEqual([`${NAMESPACE}::shop-namespace`]);
        expect(inputs.metadata.namespace).toBe("ingress");
        expect(inputs.spec.listeners).toMatchObject([{ allowedRoutes: { namespaces: { from: "All" } } }]);
        expect(await valueOf(gateway.namespace)).toBe("ingress");
    });

    it("only labels one that exists, which stays its owner's", async () => {
        const { recording } = await deploy({ ...own, existingNamespace: true });
        expect(recording.ofType(NAMESPACE)).toEqual([]);
        expect(recording.one(`${NAMESPACE}Patch`, "shop-namespace").inputs).toMatchObject({
            metadata: { name: "ingress", labels: { team: "edge" } },
        });
        expect(recording.one(GATEWAY, "shop-gateway").inputs.metadata.namespace).toBe("ingress");
    });

    it("makes no namespace that is not its own", async () => {
        const { recording } = await deploy();
        expect(recording.objects.filter((object) => object.includes("Namespace"))).toEqual([]);
    });

    it("has a route where its Service is, which names the namespace of its Gateway", async () => {
        const { recording } = await deploy({ ...own, routes: [{ ...ROUTE_ARGS, namespace: "web" }] });
        expect(recording.one(ROUTE, "shop-web").inputs).toMatchObject({
            metadata: { name: "web", namespace: "web" },
            spec: { parentRefs: [{ name: "shop", namespace: "ingress" }] },
        });
    });
});

describe("IngressGateway with a fixed node port", () => {
    it("patches the generated Service, both ports in the generated order, and does not wait for it", async () => {
        const { recording } = await deploy({ nodePort: 31000 });
        expect(recording.ofType(PATCH)).toHaveLength(1);
        expect(recording.one(PATCH, GENERATED).inputs).toEqual({
            apiVersion: "v1",
            kind: "Service",
            metadata: { name: GENERATED, namespace: "sample", annotations: { "pulumi.com/skipAwait": "true" } },
            spec: {
                ports: [
                    { port: 15021, protocol: "TCP" },
                    { port: 80, protocol: "TCP", nodePort: 31000 },
                ],
            },
        });
    });

    it("patches once the Gateway is programmed, as its own child", async () => {
        const { recording } = await deploy({ nodePort: 31000 }, { answers: { [GATEWAY]: slowly } });
        expect(recording.one(PATCH, GENERATED)).toMatchObject({
            parent: COMPONENT,
            dependencies: [`${GATEWAY}::shop-gateway`],
        });
        expect(recording.events.indexOf(`asked ${PATCH}::${GENERATED}`)).toBeGreaterThan(
            recording.events.indexOf(`answered ${GATEWAY}::shop-gateway`),
        );
    });

    it("reads the Service only after the patch: the port that comes out is the fixed one", async () => {
        const { recording } = await deploy({ nodePort: 31000 }, { answers: { [PATCH]: slowly } });
        expect(recording.events.indexOf(`asked ${SERVICE}::${GENERATED}`)).toBeGreaterThan(
            recording.events.indexOf(`answered ${PATCH}::${GENERATED}`),
        );
    });
});

describe("IngressGateway in a preview", () => {
    it("knows neither the id nor the ports of a Service that is not generated yet", async () => {
        const { recording, gateway } = await deploy({}, { preview: true, answers: { [SERVICE]: () => ({}) } });
        expect(recording.one(SERVICE, GENERATED).id).toBe(UNKNOWN);
        // Rights are made from it.
        expect(recording.one(SERVICE, GENERATED).inputs.metadata).toMatchObject({
            namespace: "sample",
            name: GENERATED,
        });
        expect(await isKnown(gateway.service.spec)).toBe(false);
    });

    it("reads the Service where the Gateway exists already", async () => {
        const { recording, gateway } = await deploy(
            {},
            { preview: true, answers: { [GATEWAY]: () => ({ id: "sample/shop" }) } },
        );
        expect(recording.one(SERVICE, GENERATED).id).toBe(`sample/${GENERATED}`);
        expect(await valueOf(gateway.service.spec.ports)).toEqual(live);
    });

    it("does not take the old port for the new one where a fixed port is yet to be set", async () => {
        const answers = { [GATEWAY]: () => ({ id: "sample/shop" }), [SERVICE]: () => ({}) };
        const { recording, gateway } = await deploy({ nodePort: 31000 }, { preview: true, answers });
        expect(recording.one(SERVICE, GENERATED).id).toBe(UNKNOWN);
        expect(await isKnown(gateway.service.spec)).toBe(false);
    });
});
