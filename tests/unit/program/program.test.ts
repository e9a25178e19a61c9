import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { crd, crdPath, CRDS, NODES, STORAGE_CLASSES } from "@istio-on-pulumi/kube/testing";
import { BUNDLE_VERSION } from "../../support/manifests";
import { isKnown, valueOf, withoutProvider } from "../../support/mocks";
import { type Outputs, PORTS, runProgram, tryProgram } from "../../support/program";

const PROVIDER = "pulumi:providers:kubernetes";
const COMMAND = "command:local:Command";
/** Of the mocked cluster's namespace kube-system. */
const UID = "11111111-2222-4333-8444-555555555555";
const CRD = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition";
const NAMESPACE = "kubernetes:core/v1:Namespace";
const SERVICE = "kubernetes:core/v1:Service";
const RELEASE = "kubernetes:helm.sh/v3:Release::istio-istio-base";
const CHART = "kubernetes:helm.sh/v4:Chart::istio-istiod";
const component = (name: string) => `istio-on-pulumi:index:${name}`;
const GATEWAYS = "gateways.gateway.networking.k8s.io";
const CLASSES = "gatewayclasses.gateway.networking.k8s.io";
const ROUTES = "httproutes.gateway.networking.k8s.io";

/** The outputs, resolved. */
const resolved = (outputs: Outputs) => valueOf(pulumi.output(outputs)) as Promise<pulumi.Unwrap<Outputs>>;

describe("the program", () => {
    it("composes the walkthrough of components, and of what guards them", async () => {
        const { recording } = await runProgram();
        const components = recording.registrations.filter(({ kind }) => kind === "component");
        expect(components.map(({ type, name }) => [type, name]).sort()).toEqual([
            [component("Addons"), "addons"],
            [component("Bookinfo"), "bookinfo"],
            [component("Cluster"), "cluster"],
            [component("DestroyGuard"), "destroy-guard"],
            [component("GatewayApiCrds"), "gateway-api"],
            [component("IngressGateway"), "bookinfo-gateway"],
            [component("IstioControlPlane"), "istio"],
            [component("StackIdentity"), "stack"],
            [component("Tracing"), "tracing"],
        ]);
        expect(recording.objects).toHaveLength(5 + 3 + 15 + 3 + 16 + 1);
    });

    it("sends everything to the cluster of the settings", async () => {
        const { recording } = await runProgram();
        expect(withoutProvider(recording.registrations)).toEqual([]);
        const reached = recording.registrations.filter(
            ({ type, kind }) => type.startsWith("kubernetes:") && kind !== "component",
        );
        expect(reached.map(({ provider, providers }) => provider ?? providers.kubernetes)).toEqual(
            Array(43).fill("cluster"),
        );
    });

    it("pins the context that the survey found, and knows the cluster by the UID of kube-system", async () => {
        const { recording } = await runProgram();
        const { inputs } = recording.one(PROVIDER, "cluster");
        expect(inputs).toMatchObject({ context: "prod", clusterIdentifier: UID });
        expect(inputs.kubeconfig).toMatch(/kubeconfig$/);
        expect(recording.one(COMMAND, "stack").inputs).toMatchObject({ environment: { CLUSTER_UID: UID } });
    });

    it("guards the destruction by what depends on everything else, and looks at the cluster again", async () => {
        const { recording } = await runProgram();
        const guard = recording.one(COMMAND, "destroy-guard");
        expect(guard.inputs).toMatchObject({
            delete: expect.stringContaining(`--uid ${UID} --context prod`) as string,
        });
        const made = recording.objects.filter((name) => !name.startsWith("read "));
        expect(made.filter((name) => !guard.dependencies.includes(name))).toEqual([]);
    });

    it("starts the control plane after the CRDs, and workloads after the control plane", async () => {
        const { recording } = await runProgram();
        const crds = recording
            .ofType(CRD)
            .map(({ name }) => `${CRD}::${name}`)
            .sort();
        const controlPlane = [`${NAMESPACE}::istio-istio-system`, RELEASE, CHART];
        expect(recording.one(component("IstioControlPlane"), "istio").dependencies).toEqual(crds);
        expect(recording.one(component("Bookinfo"), "bookinfo").dependencies).toEqual(controlPlane);
        expect(recording.one(component("IngressGateway"), "bookinfo-gateway").dependencies).toEqual([
            ...crds,
            // Its own arguments name it.
            `${NAMESPACE}::bookinfo-namespace`,
            ...controlPlane,
        ]);
        expect(recording.one(component("Addons"), "addons").dependencies).toEqual([`${NAMESPACE}::istio-istio-system`]);
    });

    it("puts the gateway into Bookinfo's namespace, once that exists", async () => {
        const { recording } = await runProgram({ bookinfoNamespace: "shop" });
        const gateway = recording.one("kubernetes:gateway.networking.k8s.io/v1:Gateway", "bookinfo-gateway-gateway");
        expect(gateway.inputs.metadata.namespace).toBe("shop");
        expect(gateway.dependencies).toEqual([`${NAMESPACE}::bookinfo-namespace`]);
    });

    it("tells every endpoint, the two URLs and the versions", async () => {
        const { outputs } = await runProgram();
        const { endpoints, ...others } = await resolved(outputs);
        expect(Object.keys(endpoints)).toEqual([
            "productpage",
            "gatewayStatus",
            "kiali",
            "grafana",
            "prometheus",
            "tracing",
            "zipkin",
            "jaegerCollector",
            "loki",
            "istiod",
        ]);
        expect(endpoints.grafana).toEqual({
            service: "grafana",
            namespace: "istio-system",
            type: "ClusterIP",
            address: "grafana.istio-system.svc",
            ports: [{ name: "service", port: 3000 }],
        });
        expect(others).toEqual({
            productpageUrl: `http://192.0.2.1:${PORTS.gateway}/productpage`,
            kialiUrl: `http://192.0.2.1:${PORTS.kiali}/kiali`,
            versions: {
                istio: "1.25.1",
                istioImages: "1.25.1",
                gatewayApi: BUNDLE_VERSION,
                bookinfo: "1.20.2",
                kubernetes: "v1.33.1",
            },
        });
    });

    it("previews on an empty cluster, without knowing the ports", async () => {
        const { recording, outputs } = await runProgram({}, { preview: true });
        expect(recording.objects).toHaveLength(43);
        expect(await isKnown(outputs.productpageUrl!)).toBe(false);
        expect(await isKnown(outputs.endpoints.istiod!)).toBe(true);
    });
});

describe("the settings", () => {
    it("reach what they are about", async () => {
        const { recording, outputs } = await runProgram({
            nodeHost: "2001:db8::1",
            imageMirrors: '{"docker.io":"mirror.local/hub"}',
            istioTag: "1.25.1-distroless",
            bookinfoTag: "2.0.0",
            gatewayServiceType: "LoadBalancer",
            gatewayNodePort: "31000",
            kialiNodePort: "31001",
            lokiStorageClass: "standard",
            lokiStorageSize: "1Gi",
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
        const { recording, outputs, files } = await runProgram({ jaeger: "false", loki: "false", kiali: "false" });
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
        const { outputs } = await runProgram({ gatewayServiceType: "ClusterIP", kiali: "false" });
        expect(Object.keys(outputs)).toEqual(["endpoints", "versions"]);
    });

    it("name the bundle of upstream files, else there is none", async () => {
        expect((await runProgram({ bundle: "/srv/bundle" })).opened!.bundleDir).toBe("/srv/bundle");
        expect((await runProgram()).opened!.bundleDir).toBeUndefined();
    });

    it("need no node's address where nothing is at a node's port, and refuse to guess one where something is", async () => {
        const replies = { [NODES]: { status: 403 } };
        const inside = { gatewayServiceType: "ClusterIP", kialiServiceType: "ClusterIP" };
        expect((await tryProgram(inside, { replies })).failure).toBeUndefined();
        expect(
            (await tryProgram({ ...inside, kiali: "false", kialiServiceType: "NodePort" }, { replies })).failure,
        ).toBe(undefined);
        for (const one of Object.keys(inside)) {
            const { failure } = await tryProgram({ ...inside, [one]: "NodePort" }, { replies });
            expect(String(failure)).toContain("name a host with: pulumi config set nodeHost <host>");
        }
    });

    it("send traces to Jaeger only where there is one", async () => {
        const telemetries = async (jaeger: string) =>
            (await runProgram({ jaeger })).recording.ofType("kubernetes:telemetry.istio.io/v1:Telemetry").length;
        expect([await telemetries("true"), await telemetries("false")]).toEqual([1, 0]);
    });

    it("need no node where the host is named, and no class where Loki is switched off", async () => {
        const replies = { [NODES]: { status: 403 }, [STORAGE_CLASSES]: { body: { items: [] } } };
        const { outputs } = await runProgram({ nodeHost: "node.example.com", loki: "false" }, { replies });
        expect((await resolved(outputs)).productpageUrl).toBe(`http://node.example.com:${PORTS.gateway}/productpage`);
    });
});

describe("the Gateway API CRDs", () => {
    /** What a cluster says that holds these, each served at v1. */
    const holding = (names: string[], annotations: object, labels?: object) => {
        const crds = names.map((name) => ({ name, reply: crd(name, { v1: true }, annotations, labels) }));
        return {
            [CRDS]: { items: crds.map(({ reply }) => ({ metadata: reply.body.metadata })) },
            ...Object.fromEntries(crds.map(({ name, reply }) => [crdPath(name), reply])),
        };
    };

    it("stay the cluster's own where it serves some", async () => {
        const replies = holding([GATEWAYS, ROUTES, CLASSES], { "gateway.networking.k8s.io/bundle-version": "v1.0.0" });
        const { recording, outputs } = await runProgram({}, { replies });
        expect(recording.ofType(CRD)).toEqual([]);
        expect(await valueOf(outputs.versions.gatewayApi)).toBe("v1.0.0");
    });

    it("stay the program's where it installed them", async () => {
        const replies = holding([GATEWAYS], {}, { "istio-on-pulumi/stack": "stack0a1b2c3d" });
        expect((await runProgram({}, { replies })).recording.ofType(CRD)).toHaveLength(5);
    });
});

describe("a cluster", () => {
    it("that is not the one of the settings is refused before anything reaches it", async () => {
        const { failure, recording } = await tryProgram({ clusterUid: "99999999-2222-4333-8444-555555555555" });
        expect((failure as Error).message).toContain("is not the one that this stack belongs to");
        expect(recording.objects).toEqual([]);
    });

    it("that holds what somebody else made is refused before anything reaches it", async () => {
        const item = { metadata: { name: "kiali", uid: "1", managedFields: [{ manager: "helm" }] } };
        const replies = { "/apis/rbac.authorization.k8s.io/v1/clusterroles": { items: [item] } };
        const { failure, recording } = await tryProgram({}, { replies });
        expect((failure as Error).message).toContain('ClusterRole kiali, by "helm": ');
        expect(recording.objects).toEqual([]);
    });
});
