import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { ISTIO_NAMESPACE } from "@istio-on-pulumi/kube";
import { Lab, TEST_LAB } from "../support/lab";
import { byKey, getAll, type KubeObject } from "../support/lab-objects";
import { Stack } from "../support/lab-stack";
import {
    type CustomResourceDefinition,
    type Deployment,
    hasCondition,
    type Service,
    type WebhookConfiguration,
} from "../support/objects";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);

/** Everything of istio-system that the assertions look at, asked for once. */
let istioSystem: Map<string, KubeObject>;
let crds: CustomResourceDefinition[];

const of = (kind: string) => [...istioSystem.values()].filter((object) => object.kind === kind);

beforeAll(async () => {
    await stack.ensureUp();
    istioSystem = byKey(
        await getAll(lab, "deployments,statefulsets,services,configmaps", "--namespace", ISTIO_NAMESPACE),
    );
    crds = await getAll<CustomResourceDefinition>(lab, "customresourcedefinitions");
});

describe("step 1, Istio", () => {
    test("the CRDs are those of Istio 1.25.1, all served", () => {
        const { bundle } = stack.settings();
        const text = readFileSync(join(bundle!, "istio-1.25.1/manifests/charts/base/files/crd-all.gen.yaml"), "utf8");
        const expected = parseAllDocuments(text)
            .map((document) => document.toJS() as KubeObject | null)
            .filter((crd) => crd !== null)
            .map(({ metadata }) => metadata.name);
        const live = crds.filter(({ spec }) => spec.group.endsWith(".istio.io"));
        expect(live.map(({ metadata }) => metadata.name).sort()).toEqual(expected.sort());
        expect(expected).toHaveLength(14);
        expect(live.filter((crd) => !hasCondition(crd, "Established"))).toEqual([]);
    });

    test("istiod has its Service and a ready Deployment of image pilot 1.25.1", () => {
        const deployment = istioSystem.get("Deployment.apps istio-system/istiod") as Deployment | undefined;
        expect(deployment?.spec.template.spec.containers.map(({ image }) => image)).toEqual([
            "docker.io/istio/pilot:1.25.1",
        ]);
        expect(deployment?.status).toMatchObject({ replicas: 1, readyReplicas: 1 });
        expect(istioSystem.get("Service istio-system/istiod")).toBeDefined();
    });

    test("every injector and validator webhook trusts istiod's own root certificate", async () => {
        const { data } = istioSystem.get("ConfigMap istio-system/istio-ca-root-cert") as KubeObject & {
            data: Record<string, string>;
        };
        const root = data["root-cert.pem"]!;
        expect(root).toContain("BEGIN CERTIFICATE");
        const configurations = await getAll<WebhookConfiguration>(
            lab,
            "mutatingwebhookconfigurations,validatingwebhookconfigurations",
        );
        expect(configurations.map(({ metadata }) => metadata.name).sort()).toEqual([
            "istio-sidecar-injector",
            "istio-validator-istio-system",
            "istiod-default-validator",
        ]);
        const webhooks = configurations.flatMap((configuration) => configuration.webhooks);
        expect(webhooks.length).toBeGreaterThanOrEqual(6);
        for (const { name, clientConfig } of webhooks)
            expect(
                Buffer.from(clientConfig.caBundle ?? "", "base64")
                    .toString()
                    .trim(),
                name,
            ).toBe(root.trim());
    });

    test("there is no ingress and no egress gateway", async () => {
        const gateways = await getAll(
            lab,
            "deployments,services,pods",
            "--all-namespaces",
            "--selector",
            "istio in (ingressgateway, egressgateway)",
        );
        expect(gateways).toEqual([]);
        const named = [...of("Deployment"), ...of("Service")].filter(({ metadata }) => /gateway/.test(metadata.name));
        expect(named).toEqual([]);
    });
});

test("step 2: the Gateway API CRDs are the five of the standard channel, v1.2.1, all served", () => {
    const live = crds.filter(({ spec }) => spec.group === "gateway.networking.k8s.io");
    expect(live.map(({ spec }) => spec.names.plural).sort()).toEqual([
        "gatewayclasses",
        "gateways",
        "grpcroutes",
        "httproutes",
        "referencegrants",
    ]);
    for (const crd of live) {
        expect(crd.metadata.annotations).toMatchObject({
            "gateway.networking.k8s.io/bundle-version": "v1.2.1",
            "gateway.networking.k8s.io/channel": "standard",
        });
        expect(hasCondition(crd, "Established")).toBe(true);
    }
});

describe("steps 13 and 14, the addons", () => {
    test("Kiali, Jaeger, Prometheus, Grafana and Loki are ready", async () => {
        const workloads = [...of("Deployment"), ...of("StatefulSet")];
        expect(workloads.map(({ metadata }) => metadata.name).sort()).toEqual([
            "grafana",
            "istiod",
            "jaeger",
            "kiali",
            "loki",
            "prometheus",
        ]);
        for (const { metadata, status } of workloads)
            expect(status, metadata.name).toMatchObject({ replicas: 1, readyReplicas: 1 });
        const [claim] = await getAll(lab, "persistentvolumeclaims", "--namespace", ISTIO_NAMESPACE);
        expect(claim).toMatchObject({
            spec: { resources: { requests: { storage: "10Gi" } } },
            status: { phase: "Bound" },
        });
    });

    test("the Services of istio-system and their ports are the walkthrough's list", () => {
        const list = (of("Service") as Service[]).map(({ metadata, spec }) => [
            metadata.name,
            spec.type,
            spec.clusterIP === "None" ? "None" : "",
            ...spec.ports.map(({ port }) => port),
        ]);
        expect(list.sort()).toEqual([
            ["grafana", "ClusterIP", "", 3000],
            ["istiod", "ClusterIP", "", 15010, 15012, 443, 15014],
            ["jaeger-collector", "ClusterIP", "", 14268, 14250, 9411, 4317, 4318],
            ["kiali", "NodePort", "", 20001, 9090],
            ["loki", "ClusterIP", "", 3100, 9095],
            ["loki-headless", "ClusterIP", "None", 3100],
            ["loki-memberlist", "ClusterIP", "None", 7946],
            ["prometheus", "ClusterIP", "", 9090],
            ["tracing", "ClusterIP", "", 80, 16685],
            ["zipkin", "ClusterIP", "", 9411],
        ]);
        const kiali = istioSystem.get("Service istio-system/kiali") as Service;
        for (const { nodePort } of kiali.spec.ports) expect(nodePort).toBeGreaterThanOrEqual(30000);
    });
});
