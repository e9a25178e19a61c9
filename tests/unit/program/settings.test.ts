import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { NODES, STORAGE_CLASSES } from "@istio-on-pulumi/kube/testing";
import { valueOf } from "../../support/mocks";
import { type Outputs, PORTS, runProgram, tryProgram } from "../../support/program";

const SERVICE = "kubernetes:core/v1:Service";

/** The outputs, resolved. */
const resolved = (outputs: Outputs) => valueOf(pulumi.output(outputs)) as Promise<pulumi.Unwrap<Outputs>>;

describe("the settings", () => {
    it("reach what they are about", async () => {
        const { recording, outputs } = await runProgram({
            "cluster.nodeHost": "2001:db8::1",
            "registry.mirrors": '{"docker.io":"mirror.local/hub"}',
            "istio.tag": "1.25.1-distroless",
            "bookinfo.tag": "2.0.0",
            "gateway.serviceType": "LoadBalancer",
            "gateway.nodePort": "31000",
            "addons.kiali.nodePort": "31001",
            "addons.loki.storageClass": "standard",
            "addons.loki.storageSize": "1Gi",
        });
        expect(recording.one("kubernetes:helm.sh/v4:Chart", "istiod").inputs.values).toMatchObject({
            global: { hub: "mirror.local/hub/istio", tag: "1.25.1-distroless" },
        });
        const containers = (kind: string, name: string) =>
            recording.one(`kubernetes:apps/v1:${kind}`, name).inputs.spec.template.spec.containers;
        expect(containers("Deployment", "details-v1")[0].image).toBe(
            "mirror.local/hub/istio/examples-bookinfo-details-v1:2.0.0",
        );
        expect(containers("Deployment", "jaeger")[0].image).toBe("mirror.local/hub/jaegertracing/all-in-one:1");
        expect(
            recording.one("kubernetes:gateway.networking.k8s.io/v1:Gateway", "bookinfo-gateway").inputs.metadata
                .annotations,
        ).toMatchObject({
            "networking.istio.io/service-type": "LoadBalancer",
        });
        expect(
            recording.one("kubernetes:core/v1:ServicePatch", "bookinfo-gateway-istio").inputs.spec.ports[1]!.nodePort,
        ).toBe(31000);
        expect(recording.one(SERVICE, "kiali").inputs.spec.ports[0].nodePort).toBe(31001);
        expect(recording.one("kubernetes:core/v1:PersistentVolumeClaim", "storage-loki-0").inputs.spec).toMatchObject({
            storageClassName: "standard",
            resources: { requests: { storage: "1Gi" } },
        });
        expect(await resolved(outputs)).toMatchObject({
            kialiUrl: "http://[2001:db8::1]:31001/kiali",
            versions: { istioImages: "1.25.1-distroless", bookinfo: "2.0.0" },
        });
    });

    it("leave out an addon with its manifest, its objects and its endpoints", async () => {
        const { recording, outputs, files } = await runProgram({
            "addons.jaeger.enabled": "false",
            "addons.loki.enabled": "false",
            "addons.kiali.enabled": "false",
        });
        expect(files.filter((path) => path.includes("addons"))).toEqual([
            "istio-1.25.1/samples/addons/grafana.yaml",
            "istio-1.25.1/samples/addons/prometheus.yaml",
        ]);
        expect(
            recording
                .ofType(SERVICE)
                .filter(({ parent }) => parent?.endsWith("::addons"))
                .map(({ name }) => name)
                .sort(),
        ).toEqual(["grafana", "prometheus"]);
        expect(Object.keys(outputs.endpoints)).toEqual([
            "productpage",
            "gatewayStatus",
            "grafana",
            "prometheus",
            "istiod",
        ]);
    });

    it("leave out the URL of what has none", async () => {
        const { outputs } = await runProgram({ "gateway.serviceType": "ClusterIP", "addons.kiali.enabled": "false" });
        expect(Object.keys(outputs)).toEqual(["endpoints", "mesh", "versions"]);
    });

    it("name the bundle of upstream files, else there is none", async () => {
        expect((await runProgram({ bundle: "/srv/bundle" })).opened!.bundleDir).toBe("/srv/bundle");
        expect((await runProgram()).opened!.bundleDir).toBeUndefined();
    });

    it("need no node's address where nothing is at a node's port, and refuse to guess one where something is", async () => {
        const replies = { [NODES]: { status: 403 } };
        const inside = { "gateway.serviceType": "ClusterIP", "addons.kiali.serviceType": "ClusterIP" };
        expect((await tryProgram(inside, { replies })).failure).toBeUndefined();
        expect(
            (
                await tryProgram(
                    { ...inside, "addons.kiali.enabled": "false", "addons.kiali.serviceType": "NodePort" },
                    { replies },
                )
            ).failure,
        ).toBe(undefined);
        for (const one of Object.keys(inside)) {
            const { failure } = await tryProgram({ ...inside, [one]: "NodePort" }, { replies });
            expect(String(failure)).toContain("name a host with: pulumi config set --path cluster.nodeHost <host>");
        }
    });

    it("send traces to Jaeger only where there is one", async () => {
        const telemetries = async (jaeger: string) =>
            (await runProgram({ "addons.jaeger.enabled": jaeger })).recording.ofType(
                "kubernetes:telemetry.istio.io/v1:Telemetry",
            ).length;
        expect([await telemetries("true"), await telemetries("false")]).toEqual([1, 0]);
    });

    it("need no node where the host is named, and no class where Loki is switched off", async () => {
        const replies = { [NODES]: { status: 403 }, [STORAGE_CLASSES]: { body: { items: [] } } };
        const { outputs } = await runProgram(
            { "cluster.nodeHost": "node.example.com", "addons.loki.enabled": "false" },
            { replies },
        );
        expect((await resolved(outputs)).productpageUrl).toBe(`http://node.example.com:${PORTS.gateway}/productpage`);
    });
});
