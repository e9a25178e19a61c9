import * as k8s from "@pulumi/kubernetes";
import { describe, expect, it } from "vitest";
import { ADDONS } from "@istio-on-pulumi/kube";
import { Addons, type AddonsArgs } from "../../../components";
import { addonObjects } from "../../../components/addons";
import { ADDON_MANIFESTS } from "../../support/manifests";
import { Recording, valueOf } from "../../support/mocks";

const COMPONENT = "istio-on-pulumi:index:Addons::addons";
const SERVICE = "kubernetes:core/v1:Service";
const DEPLOYMENT = "kubernetes:apps/v1:Deployment";
const STATEFUL_SET = "kubernetes:apps/v1:StatefulSet";
const SKIP_AWAIT = { "pulumi.com/skipAwait": "true" };

const ALL_OBJECTS = {
    kiali: [
        "kubernetes:core/v1:ConfigMap::kiali",
        "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole::kiali",
        `${SERVICE}::kiali`,
        `${DEPLOYMENT}::kiali`,
    ],
    jaeger: [`${DEPLOYMENT}::jaeger`, `${SERVICE}::tracing`, `${SERVICE}::zipkin`, `${SERVICE}::jaeger-collector`],
    prometheus: [
        "kubernetes:core/v1:ServiceAccount::prometheus",
        `${DEPLOYMENT}::prometheus`,
        `${SERVICE}::prometheus`,
    ],
    grafana: [`${SERVICE}::grafana`],
    loki: [`${STATEFUL_SET}::loki`, `${SERVICE}::loki`, `${SERVICE}::loki-headless`],
};

const defaults: Omit<AddonsArgs, "provider"> = {
    manifests: ADDON_MANIFESTS,
    kialiNodePort: 0,
    lokiStorage: { size: "10Gi" },
    imageMirrors: {},
};

async function deploy(args: Partial<AddonsArgs> = {}) {
    const recording = await Recording.start();
    const provider = new k8s.Provider("test", {});
    const addons = new Addons("addons", { ...defaults, ...args, provider });
    await recording.settled();
    return { recording, addons };
}

function only(...names: (typeof ADDONS)[number][]) {
    return { manifests: Object.fromEntries(names.map((name) => [name, ADDON_MANIFESTS[name]])) };
}

describe("Addons", () => {
    it("registers every object of the five manifests as its child, and nothing else", async () => {
        const { recording } = await deploy();
        expect(ADDONS).toEqual(["kiali", "jaeger", "prometheus", "grafana", "loki"]);
        expect(recording.objects).toEqual(Object.values(ALL_OBJECTS).flat().sort());
        const children = recording.registrations.filter(({ type }) => type.startsWith("kubernetes:"));
        expect(children.map(({ parent }) => parent)).toEqual(children.map(() => COMPONENT));
    });

    it.each(ADDONS)("leaves %s out where its manifest is missing", async (addon) => {
        const { recording } = await deploy(only(...ADDONS.filter((name) => name !== addon)));
        const { [addon]: _, ...others } = ALL_OBJECTS;
        expect(recording.objects).toEqual(Object.values(others).flat().sort());
    });

    it("is nothing at all where every addon is switched off", async () => {
        const { recording, addons } = await deploy({ manifests: {} });
        expect(recording.objects).toEqual([]);
        expect([...addons.services.keys()]).toEqual([]);
    });

    it("applies an object that needs no change as its manifest has it, without empty fields", async () => {
        const { recording } = await deploy();
        expect(recording.one("kubernetes:core/v1:ConfigMap", "kiali").inputs).toEqual({
            apiVersion: "v1",
            kind: "ConfigMap",
            metadata: { name: "kiali", namespace: "istio-system" },
            data: { "config.yaml": "auth: { strategy: anonymous }" },
        });
        expect(recording.one(DEPLOYMENT, "kiali").inputs).toEqual({
            apiVersion: "apps/v1",
            kind: "Deployment",
            metadata: { name: "kiali", namespace: "istio-system" },
            spec: {
                template: {
                    spec: {
                        serviceAccountName: "kiali",
                        containers: [{ name: "kiali", image: "quay.io/kiali/kiali:v2" }],
                    },
                },
            },
        });
    });

    it("hands out every Service by its name, with what the cluster says of it", async () => {
        const { addons } = await deploy();
        expect([...addons.services.keys()]).toEqual([
            "kiali",
            "tracing",
            "zipkin",
            "jaeger-collector",
            "prometheus",
            "grafana",
            "loki",
            "loki-headless",
        ]);
        expect(await valueOf(addons.services.get("grafana")!.spec.ports)).toEqual([{ name: "service", port: 3000 }]);
    });

    it("waits for no Service; a Service's own annotations stay", async () => {
        const { recording } = await deploy();
        const services = recording.ofType(SERVICE);
        expect(services).toHaveLength(8);
        for (const { inputs } of services) {
            expect(inputs.metadata.annotations).toMatchObject(SKIP_AWAIT);
        }
        expect(recording.one(SERVICE, "prometheus").inputs.metadata.annotations).toEqual({
            own: "stays",
            ...SKIP_AWAIT,
        });
    });

    it("waits for the workloads", async () => {
        const { recording } = await deploy();
        for (const { inputs } of [...recording.ofType(DEPLOYMENT), ...recording.ofType(STATEFUL_SET)]) {
            expect(inputs.metadata.annotations).toBeUndefined();
        }
    });
});

describe("Kiali's Service", () => {
    const kiali = {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "kiali", namespace: "istio-system", labels: { app: "kiali" }, annotations: SKIP_AWAIT },
    };

    it("is declared as NodePort and leaves the port to Kubernetes", async () => {
        const { recording } = await deploy({ kialiNodePort: 0 });
        expect(recording.one(SERVICE, "kiali").inputs).toEqual({
            ...kiali,
            spec: {
                type: "NodePort",
                ports: [
                    { name: "http", port: 20001, protocol: "TCP" },
                    { name: "http-metrics", port: 9090, protocol: "TCP" },
                ],
                selector: { app: "kiali" },
            },
        });
    });

    it("takes a fixed port for http alone", async () => {
        const { recording } = await deploy({ kialiNodePort: 30001 });
        expect(recording.one(SERVICE, "kiali").inputs.spec.ports).toEqual([
            { name: "http", port: 20001, protocol: "TCP", nodePort: 30001 },
            { name: "http-metrics", port: 9090, protocol: "TCP" },
        ]);
    });

    it("is the only one that becomes a NodePort", async () => {
        const { recording } = await deploy({ kialiNodePort: 30001 });
        const types = recording.ofType(SERVICE).map(({ name, inputs }) => [name, inputs.spec.type]);
        expect(Object.fromEntries(types)).toMatchObject({
            kiali: "NodePort",
            tracing: "ClusterIP",
            zipkin: undefined,
            prometheus: undefined,
            grafana: undefined,
            loki: undefined,
        });
    });
});

describe("Loki's volume", () => {
    it.each([
        [
            "of the default class",
            { size: "10Gi" },
            { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "10Gi" } } },
        ],
        [
            "of another size",
            { size: "1Gi" },
            { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
        ],
        [
            "of a class",
            { className: "fast", size: "2Gi" },
            { accessModes: ["ReadWriteOnce"], storageClassName: "fast", resources: { requests: { storage: "2Gi" } } },
        ],
    ])("is one %s", async (_, lokiStorage, claim) => {
        const { recording } = await deploy({ lokiStorage });
        expect(recording.one(STATEFUL_SET, "loki").inputs.spec).toEqual({
            serviceName: "loki-headless",
            template: { spec: { containers: [{ name: "loki", image: "docker.io/grafana/loki:3" }] } },
            volumeClaimTemplates: [{ metadata: { name: "storage" }, spec: claim }],
        });
    });

    it("is not invented for a StatefulSet without a claim", () => {
        const manifest =
            "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: { name: loki }\n" +
            "spec: { template: { spec: { containers: [{ image: a/b:1 }] } } }\n";
        expect(addonObjects({ ...defaults, manifests: { loki: manifest } })[0]!.spec).toEqual({
            template: { spec: { containers: [{ image: "a/b:1" }] } },
        });
    });
});

describe("the addons' images", () => {
    const imageMirrors = { "docker.io": "mirror.local/hub", "ghcr.io": "mirror.local/ghcr" };

    it("come from the mirrors, those without a registry and those of init containers too", async () => {
        const { recording } = await deploy({ imageMirrors });
        expect(recording.one(DEPLOYMENT, "prometheus").inputs.spec.template.spec).toEqual({
            initContainers: [{ name: "chown", image: "mirror.local/hub/library/busybox:1" }],
            containers: [
                { name: "reloader", image: "mirror.local/ghcr/prometheus-operator/reloader:1" },
                { name: "server", image: "mirror.local/hub/prom/prometheus:v3", args: ["--a=1"] },
            ],
        });
        expect(recording.one(STATEFUL_SET, "loki").inputs.spec.template.spec.containers[0].image).toBe(
            "mirror.local/hub/grafana/loki:3",
        );
        expect(recording.one(DEPLOYMENT, "kiali").inputs.spec.template.spec.containers[0].image).toBe(
            "quay.io/kiali/kiali:v2",
        );
    });

    it("stay upstream's without mirrors", async () => {
        const { recording } = await deploy();
        const images = [...recording.ofType(DEPLOYMENT), ...recording.ofType(STATEFUL_SET)].flatMap(({ inputs }) =>
            [...(inputs.spec.template.spec.initContainers ?? []), ...inputs.spec.template.spec.containers].map(
                ({ image }: { image: string }) => image,
            ),
        );
        expect(images.sort()).toEqual([
            "busybox:1",
            "docker.io/grafana/loki:3",
            "docker.io/jaegertracing/all-in-one:1",
            "ghcr.io/prometheus-operator/reloader:1",
            "prom/prometheus:v3",
            "quay.io/kiali/kiali:v2",
        ]);
    });
});
