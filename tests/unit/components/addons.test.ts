import * as k8s from "@pulumi/kubernetes";
import { describe, expect, it } from "vitest";
import { ADDONS } from "@istio-on-pulumi/kube";
import { Addons, type AddonsArgs } from "../../../components";
import { ADDON_MANIFESTS } from "../../support/manifests";
import { Recording, valueOf } from "../../support/mocks";

const COMPONENT = "istio-on-pulumi:index:Addons::addons";
const SERVICE = "kubernetes:core/v1:Service";
const DEPLOYMENT = "kubernetes:apps/v1:Deployment";
const STATEFUL_SET = "kubernetes:apps/v1:StatefulSet";
const SKIP_AWAIT = { "pulumi.com/skipAwait": "true" };

const CLAIM = "kubernetes:core/v1:PersistentVolumeClaim::storage-loki-0";

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
    loki: [CLAIM, `${STATEFUL_SET}::loki`, `${SERVICE}::loki`, `${SERVICE}::loki-headless`],
};

const defaults: Omit<AddonsArgs, "provider"> = {
    manifests: ADDON_MANIFESTS,
    kiali: { serviceType: "NodePort", nodePort: 0, access: "anonymous" },
    loki: { storage: { size: "10Gi", bound: false } },
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
        const { recording } = await deploy(only("kiali"));
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
    it("is the only one that becomes a NodePort", async () => {
        const { recording } = await deploy();
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

describe("Kiali with a login", () => {
    /** A secret on the wire: a mark, and the value. */
    interface Secret {
        value: string;
    }

    const withLogin = async () => {
        const { recording } = await deploy({ kiali: { serviceType: "ClusterIP", nodePort: 0, access: "token" } });
        const command = recording.one("command:local:Command", "kiali-signing-key");
        const { data } = recording.one("kubernetes:core/v1:ConfigMap", "kiali").inputs as unknown as {
            data: Record<string, Secret>;
        };
        const { value } = command.inputs.environment as { value: { KEY: string } };
        return { command, key: value.KEY, config: data["config.yaml"]!.value };
    };

    it("encrypts its sessions with a key that is drawn once and is a secret", async () => {
        const { command, key, config } = await withLogin();
        expect(key).toMatch(/^[0-9a-f]{32}$/);
        expect(command.ignoreChanges).toEqual(["create", "environment"]);
        expect(config).toContain("strategy: token");
        expect(config).toContain(`signing_key: ${key}`);
        expect((await withLogin()).key).not.toBe(key);
    });

    it("has none without a login", async () => {
        const { recording } = await deploy();
        expect(recording.ofType("command:local:Command")).toEqual([]);
    });
});

describe("Loki's volume", () => {
    it("is a claim of its own, which the StatefulSet waits for and takes over by its name", async () => {
        const { recording } = await deploy({ loki: { storage: { size: "20Gi", className: "fast", bound: true } } });
        const [type, name] = CLAIM.split("::") as [string, string];
        expect(recording.one(type, name).inputs.spec).toEqual({
            accessModes: ["ReadWriteOnce"],
            storageClassName: "fast",
            resources: { requests: { storage: "20Gi" } },
        });
        const statefulSet = recording.one(STATEFUL_SET, "loki");
        expect(statefulSet.dependencies).toEqual([CLAIM]);
        // Upstream's size, whatever the settings say: the templates of a StatefulSet cannot be changed.
        expect(statefulSet.inputs.spec.volumeClaimTemplates).toEqual([
            {
                metadata: { name: "storage" },
                spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "10Gi" } } },
            },
        ]);
        expect(statefulSet.ignoreChanges).toEqual(["spec.volumeClaimTemplates"]);
    });

    it("is never replaced once it is bound, and can be replaced before", async () => {
        const options = async (bound: boolean) => {
            const { recording } = await deploy({ loki: { storage: { size: "20Gi", bound } } });
            const { ignoreChanges, replaceOnChanges } = recording.one(...(CLAIM.split("::") as [string, string]));
            return { ignoreChanges, replaceOnChanges };
        };
        expect(await options(true)).toEqual({ ignoreChanges: ["spec.storageClassName"], replaceOnChanges: [] });
        expect(await options(false)).toEqual({ ignoreChanges: [], replaceOnChanges: ["spec"] });
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
