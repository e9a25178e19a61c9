import { setImmediate } from "node:timers/promises";
import * as k8s from "@pulumi/kubernetes";
import { describe, expect, it } from "vitest";
import { BookinfoGateway, type BookinfoGatewayArgs } from "../../../components";
import { type Answer, isKnown, Recording, type RecordingOptions, UNKNOWN, valueOf } from "../../support/mocks";

const COMPONENT = "istio-on-pulumi:index:BookinfoGateway::bookinfo-gateway";
const GATEWAY = "kubernetes:gateway.networking.k8s.io/v1:Gateway";
const ROUTE = "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute";
const PATCH = "kubernetes:core/v1:ServicePatch";
const SERVICE = "kubernetes:core/v1:Service";
const GENERATED = "bookinfo-gateway-istio";

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

async function deploy(args: Partial<BookinfoGatewayArgs> = {}, options: RecordingOptions = {}) {
    const recording = await Recording.start({ ...options, answers: { [SERVICE]: readLive, ...options.answers } });
    const provider = new k8s.Provider("test", {});
    const gateway = new BookinfoGateway("bookinfo-gateway", {
        namespace: { bookinfo: "sample" },
        bookinfoNamespace: "sample",
        serviceType: "NodePort",
        nodePort: 0,
        ...args,
        provider,
    });
    await recording.settled();
    return { recording, gateway };
}

describe("BookinfoGateway", () => {
    it("is a Gateway and its route, and reads the generated Service", async () => {
        const { recording } = await deploy();
        expect(recording.objects).toEqual([
            `${GATEWAY}::bookinfo-gateway`,
            `${ROUTE}::bookinfo`,
            `read ${SERVICE}::${GENERATED}`,
        ]);
        expect(recording.registrations.slice(2).map(({ parent }) => parent)).toEqual([COMPONENT, COMPONENT, COMPONENT]);
    });

    it.each(["NodePort", "ClusterIP", "LoadBalancer"] as const)(
        "asks for a generated Service of type %s and waits until the Gateway is programmed",
        async (serviceType) => {
            const { recording } = await deploy({ serviceType });
            expect(recording.one(GATEWAY, "bookinfo-gateway").inputs).toEqual({
                apiVersion: "gateway.networking.k8s.io/v1",
                kind: "Gateway",
                metadata: {
                    name: "bookinfo-gateway",
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

    it("routes productpage's paths, and no others, to its port", async () => {
        const { recording } = await deploy();
        expect(recording.one(ROUTE, "bookinfo").inputs).toEqual({
            apiVersion: "gateway.networking.k8s.io/v1",
            kind: "HTTPRoute",
            metadata: { name: "bookinfo", namespace: "sample" },
            spec: {
                parentRefs: [{ name: "bookinfo-gateway" }],
                rules: [
                    {
                        matches: [
                            { path: { type: "Exact", value: "/productpage" } },
                            { path: { type: "PathPrefix", value: "/static" } },
                            { path: { type: "Exact", value: "/login" } },
                            { path: { type: "Exact", value: "/logout" } },
                            { path: { type: "PathPrefix", value: "/api/v1/products" } },
                        ],
                        backendRefs: [{ name: "productpage", port: 9080 }],
                    },
                ],
            },
        });
    });

    it("hands out the generated Service as the cluster has it", async () => {
        const { gateway } = await deploy();
        expect(await valueOf(gateway.service.spec.ports)).toEqual(live);
        expect(await valueOf(gateway.gateway.id)).toBe("sample/bookinfo-gateway");
        expect(await valueOf(gateway.route!.id)).toBe("sample/bookinfo");
    });

    it("finds the generated Service in the Gateway's own namespace", async () => {
        const { recording } = await deploy({ namespace: { bookinfo: "elsewhere" } });
        expect(recording.one(SERVICE, GENERATED)).toMatchObject({ kind: "read", id: `elsewhere/${GENERATED}` });
    });

    it("reads the generated Service only once the Gateway is programmed", async () => {
        const { recording } = await deploy({}, { answers: { [GATEWAY]: slowly } });
        expect(recording.events.indexOf(`asked ${SERVICE}::${GENERATED}`)).toBeGreaterThan(
            recording.events.indexOf(`answered ${GATEWAY}::bookinfo-gateway`),
        );
    });
});

describe("BookinfoGateway with a fixed node port", () => {
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
            dependencies: [`${GATEWAY}::bookinfo-gateway`],
        });
        expect(recording.events.indexOf(`asked ${PATCH}::${GENERATED}`)).toBeGreaterThan(
            recording.events.indexOf(`answered ${GATEWAY}::bookinfo-gateway`),
        );
    });

    it("reads the Service only after the patch: the port that comes out is the fixed one", async () => {
        const { recording } = await deploy({ nodePort: 31000 }, { answers: { [PATCH]: slowly } });
        expect(recording.events.indexOf(`asked ${SERVICE}::${GENERATED}`)).toBeGreaterThan(
            recording.events.indexOf(`answered ${PATCH}::${GENERATED}`),
        );
    });
});

describe("BookinfoGateway in a preview", () => {
    it("knows neither the id nor the ports of a Service that is not generated yet", async () => {
        const { recording, gateway } = await deploy({}, { preview: true, answers: { [SERVICE]: () => ({}) } });
        expect(recording.one(SERVICE, GENERATED).id).toBe(UNKNOWN);
        expect(await isKnown(gateway.service.spec)).toBe(false);
    });

    it("reads the Service where the Gateway exists already", async () => {
        const { recording, gateway } = await deploy(
            {},
            { preview: true, answers: { [GATEWAY]: () => ({ id: "sample/bookinfo-gateway" }) } },
        );
        expect(recording.one(SERVICE, GENERATED).id).toBe(`sample/${GENERATED}`);
        expect(await valueOf(gateway.service.spec.ports)).toEqual(live);
    });

    it("does not take the old port for the new one where a fixed port is yet to be set", async () => {
        const answers = { [GATEWAY]: () => ({ id: "sample/bookinfo-gateway" }), [SERVICE]: () => ({}) };
        const { recording, gateway } = await deploy({ nodePort: 31000 }, { preview: true, answers });
        expect(recording.one(SERVICE, GENERATED).id).toBe(UNKNOWN);
        expect(await isKnown(gateway.service.spec)).toBe(false);
    });
});
