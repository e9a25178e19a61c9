import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { crd, crdPath, CRDS } from "@istio-on-pulumi/kube/testing";
import { BUNDLE_VERSION } from "../../support/manifests";
import { isKnown, valueOf, withoutProvider } from "../../support/mocks";
import { type Outputs, PORTS, runProgram, tryProgram } from "../../support/program";

const PROVIDER = "pulumi:providers:kubernetes";
const COMMAND = "command:local:Command";
/** Of the mocked cluster's namespace kube-system. */
const UID = "11111111-2222-4333-8444-555555555555";
const CRD = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition";
const NAMESPACE = "kubernetes:core/v1:Namespace";
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

    it("holds back only what needs the CRDs or the control plane", async () => {
        const { recording } = await runProgram();
        const crds = recording
            .ofType(CRD)
            .map(({ name }) => `${CRD}::${name}`)
            .sort();
        const controlPlane = [`${NAMESPACE}::istio-istio-system`, RELEASE, CHART];
        expect(recording.one(component("IstioControlPlane"), "istio").dependencies).toEqual([]);
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
        const { recording } = await runProgram({ "bookinfo.namespace": "shop" });
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
            mesh: {
                namespace: "istio-system",
                revision: "default",
                injectionLabels: { "istio-injection": "enabled" },
                gateway: {
                    name: "bookinfo-gateway",
                    namespace: "istio-sample",
                    takesRoutesFrom: "Same",
                    address: "bookinfo-gateway-istio.istio-sample.svc",
                    url: `http://192.0.2.1:${PORTS.gateway}`,
                },
            },
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
        const { failure, recording } = await tryProgram({ "cluster.uid": "99999999-2222-4333-8444-555555555555" });
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
