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
        expect(recording.one("kubernetes:helm.sh/v4:Chart", "istio-istiod").inputs.values).toMatchObject({
            global: { hub: "mirror.local/hub/istio", tag: "1.25.1-distroless" },
        });
        const containers = (kind: string, name: string) =>
            recording.one(`kubernetes:apps/v1:${kind}`, name).inputs.spec.template.spec.containers;
        expect(containers("Deployment", "bookinfo-details-v1")[0].image).toBe(
            "mirror.local/hub/istio/examples-bookinfo-details-v1:2.0.0",
        );
        expect(containers("Deployment", "addons-jaeger")[0].image).toBe("mirror.local/hub/jaegertracing/all-in-one:1");
        expect(
            recording.one("kubernetes:gateway.networking.k8s.io/v1:Gateway", "bookinfo-gateway-gateway").inputs.metadata
                .annotations,
        ).toMatchObject({
            "networking.istio.io/service-type": "LoadBalancer",
        });
        expect(
            recording.one("kubernetes:core/v1:ServicePatch", "bookinfo-gateway-istio").inputs.spec.ports[1]!.nodePort,
        ).toBe(31000);
        expect(recording.one(SERVICE, "addons-kiali").inputs.spec.ports[0].nodePort).toBe(31001);
        expect(
            recording.one("kubernetes:core/v1:PersistentVolumeClaim", "addons-storage-loki-0").inputs.spec,
        ).toMatchObject({
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
                .map(({ inputs }) => inputs.metadata.name)
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

const podOf = (inputs: unknown) =>
    (inputs as { spec: { template: { spec: Record<string, unknown> } } }).spec.template.spec;
const GATEWAY = "kubernetes:gateway.networking.k8s.io/v1:Gateway";
const ROUTE = "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute";

describe("without Bookinfo", () => {
    it("there is no gateway either, and no output of them", async () => {
        const { recording, outputs } = await runProgram({ "bookinfo.enabled": "false" });
        expect(recording.ofType(GATEWAY)).toEqual([]);
        expect(recording.objects.filter((name) => /sample|details|bookinfo/.test(name))).toEqual([]);
        expect(Object.keys(outputs)).toEqual(["kialiUrl", "endpoints", "mesh", "versions"]);
        expect(Object.keys(outputs.endpoints)).not.toContain("gatewayStatus");
        expect(outputs.mesh).not.toHaveProperty("gateway");
    });

    it("a gateway of its own takes the routes of all namespaces", async () => {
        const settings = { "bookinfo.enabled": false, "gateway.namespace": "ingress", "gateway.nodePort": 30080 };
        const { recording, outputs } = await runProgram(settings);
        const { inputs, dependencies } = recording.one(GATEWAY, "bookinfo-gateway-gateway");
        expect(inputs.metadata.namespace).toBe("ingress");
        expect(inputs.spec.listeners).toEqual([
            { name: "http", port: 80, protocol: "HTTP", allowedRoutes: { namespaces: { from: "All" } } },
        ]);
        expect(dependencies).toEqual(["kubernetes:core/v1:Namespace::bookinfo-gateway-namespace"]);
        expect(recording.ofType(ROUTE)).toEqual([]);
        const { endpoints, mesh } = await resolved(outputs);
        expect(Object.keys(endpoints)).not.toContain("productpage");
        expect(endpoints.gatewayStatus).toMatchObject({ service: "ingress-istio" });
        expect(mesh.gateway).toMatchObject({ name: "ingress", takesRoutesFrom: "All" });
    });
});

describe("the gateway", () => {
    it("leads to Bookinfo from a namespace of its own", async () => {
        const { recording } = await runProgram({ "gateway.namespace": "ingress" });
        const { metadata, spec } = recording.one(ROUTE, "bookinfo-gateway-bookinfo").inputs;
        expect(metadata.namespace).toBe("istio-sample");
        expect(spec.parentRefs).toEqual([{ name: "ingress", namespace: "ingress" }]);
    });

    it("answers to host names, by HTTPS where it has a certificate, and the URL has the first name", async () => {
        const { recording, outputs } = await runProgram({
            "gateway.hostnames": ["*.example.org", "shop.example.com"],
            "gateway.tlsSecret": "shop-tls",
            "gateway.nodePort": 31000,
        });
        const same = { allowedRoutes: { namespaces: { from: "Same" } } };
        const tls = { mode: "Terminate", certificateRefs: [{ kind: "Secret", name: "shop-tls" }] };
        expect(recording.one(GATEWAY, "bookinfo-gateway-gateway").inputs.spec.listeners).toEqual([
            { name: "http", port: 80, protocol: "HTTP", hostname: "*.example.org", ...same },
            { name: "http-2", port: 80, protocol: "HTTP", hostname: "shop.example.com", ...same },
            { name: "https", port: 443, protocol: "HTTPS", tls, hostname: "*.example.org", ...same },
            { name: "https-2", port: 443, protocol: "HTTPS", tls, hostname: "shop.example.com", ...same },
        ]);
        const patch = recording.one("kubernetes:core/v1:ServicePatch", "bookinfo-gateway-istio");
        expect(patch.inputs.spec.ports.map(({ port, nodePort }) => [port, nodePort])).toEqual([
            [15021, undefined],
            [80, 31000],
            [443, undefined],
        ]);
        expect((await resolved(outputs)).productpageUrl).toBe(`http://shop.example.com:${PORTS.gateway}/productpage`);
    });
});

describe("the settings of all objects", () => {
    it("mtls.mode STRICT is one policy of the mesh, PERMISSIVE none", async () => {
        const policies = async (mode: string) =>
            (await runProgram({ "mtls.mode": mode })).recording
                .ofType("kubernetes:security.istio.io/v1:PeerAuthentication")
                .map(({ inputs }) => [inputs.metadata.namespace, inputs.spec]);
        expect(await policies("STRICT")).toEqual([["istio-system", { mtls: { mode: "STRICT" } }]]);
        expect(await policies("PERMISSIVE")).toEqual([]);
    });

    it("registry.pullSecrets are every pod's", async () => {
        const { recording } = await runProgram({ "registry.pullSecrets": ["a", "b"] });
        const workloads = ["Deployment", "StatefulSet"].flatMap((kind) =>
            recording.ofType(`kubernetes:apps/v1:${kind}`),
        );
        expect(workloads.length).toBeGreaterThan(8);
        for (const { inputs } of workloads) {
            expect(podOf(inputs).imagePullSecrets).toEqual([{ name: "a" }, { name: "b" }]);
        }
        expect(recording.one("kubernetes:helm.sh/v4:Chart", "istio-istiod").inputs.values).toMatchObject({
            global: { imagePullSecrets: ["a", "b"] },
        });
    });

    it("namespaces.labels and namespaces.annotations are every namespace's, and never injection's", async () => {
        const { recording } = await runProgram({
            "namespaces.labels": { team: "mesh", "istio-injection": "disabled" },
            "namespaces.annotations": { a: "b" },
            "gateway.namespace": "ingress",
        });
        const namespaces = recording.ofType("kubernetes:core/v1:Namespace");
        expect(namespaces.map(({ inputs }) => inputs.metadata.name).sort()).toEqual([
            "ingress",
            "istio-sample",
            "istio-system",
        ]);
        for (const { inputs } of namespaces) {
            expect(inputs.metadata).toMatchObject({ labels: { team: "mesh" }, annotations: { a: "b" } });
        }
        expect(recording.one("kubernetes:core/v1:Namespace", "bookinfo-namespace").inputs.metadata).toMatchObject({
            labels: { "istio-injection": "enabled" },
        });
    });
});

describe("the settings of addons", () => {
    it("open each of them at node ports, by the Service that users open", async () => {
        const addons = ["jaeger", "prometheus", "grafana", "loki"];
        const { recording } = await runProgram(
            Object.fromEntries(addons.map((name) => [`addons.${name}.serviceType`, "NodePort"])),
        );
        const open = recording
            .ofType(SERVICE)
            .filter(({ kind, inputs }) => kind !== "read" && inputs.spec.type === "NodePort");
        expect(open.map(({ inputs }) => inputs.metadata.name).sort()).toEqual([
            "grafana",
            "kiali",
            "loki",
            "prometheus",
            "tracing",
        ]);
    });

    it("give Prometheus a volume, which it waits for and may write to", async () => {
        const { recording } = await runProgram({
            "addons.prometheus.storageSize": "50Gi",
            "addons.prometheus.storageClass": "standard",
        });
        const claim = "kubernetes:core/v1:PersistentVolumeClaim";
        expect(
            recording.ofType(claim).find(({ inputs }) => inputs.metadata.name === "prometheus")!.inputs.spec,
        ).toEqual({
            accessModes: ["ReadWriteOnce"],
            storageClassName: "standard",
            resources: { requests: { storage: "50Gi" } },
        });
        const { inputs, dependencies } = recording.one("kubernetes:apps/v1:Deployment", "addons-prometheus");
        expect(dependencies).toEqual([`${claim}::addons-prometheus`]);
        expect(podOf(inputs).securityContext).toEqual({ fsGroup: 65534 });
    });

    it("say how much is traced", async () => {
        const { recording } = await runProgram({ "addons.jaeger.sampling": "0.5" });
        expect(recording.one("kubernetes:telemetry.istio.io/v1:Telemetry", "tracing-mesh-default").inputs.spec).toEqual(
            {
                tracing: [{ providers: [{ name: "jaeger" }], randomSamplingPercentage: 0.5 }],
            },
        );
    });
});
