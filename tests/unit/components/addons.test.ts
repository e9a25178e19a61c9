import * as k8s from "@pulumi/kubernetes";
import { describe, expect, it } from "vitest";
import { ADDONS, ISTIO_VERSIONS, UserError } from "@istio-on-pulumi/kube";
import { Addons, type AddonsArgs } from "../../../components";
import { Recording, valueOf } from "../../support/mocks";
import { serveUpstream } from "../../support/upstream";

const COMPONENT = "istio-on-pulumi:index:Addons::addons";
const SERVICE = "kubernetes:core/v1:Service";
const DEPLOYMENT = "kubernetes:apps/v1:Deployment";
const STATEFUL_SET = "kubernetes:apps/v1:StatefulSet";
const SKIP_AWAIT = { "pulumi.com/skipAwait": "true" };

const CLAIM = "kubernetes:core/v1:PersistentVolumeClaim::addons-storage-loki-0";

const ALL_OBJECTS = {
    kiali: [
        "kubernetes:core/v1:ConfigMap::addons-kiali",
        "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole::addons-kiali",
        `${SERVICE}::addons-kiali`,
        `${DEPLOYMENT}::addons-kiali`,
    ],
    jaeger: [
        `${DEPLOYMENT}::addons-jaeger`,
        `${SERVICE}::addons-tracing`,
        `${SERVICE}::addons-zipkin`,
        `${SERVICE}::addons-jaeger-collector`,
    ],
    prometheus: [
        "kubernetes:core/v1:ServiceAccount::addons-prometheus",
        `${DEPLOYMENT}::addons-prometheus`,
        `${SERVICE}::addons-prometheus`,
    ],
    grafana: [`${SERVICE}::addons-grafana`],
    loki: [CLAIM, `${STATEFUL_SET}::addons-loki`, `${SERVICE}::addons-loki`, `${SERVICE}::addons-loki-headless`],
};

const NODE_PORT = { kiali: { serviceType: "NodePort" } } as const;

async function deploy(args: AddonsArgs = NODE_PORT) {
    const { files } = serveUpstream();
    const recording = await Recording.start();
    const provider = new k8s.Provider("test", {});
    const addons = new Addons("addons", args, { provider });
    await recording.settled();
    return { recording, addons, services: await addons.services, files };
}

describe("Addons", () => {
    it("registers every object of the five manifests as its child, and nothing else", async () => {
        const { recording } = await deploy();
        expect(ADDONS).toEqual(["kiali", "jaeger", "prometheus", "grafana", "loki"]);
        expect(recording.objects).toEqual(Object.values(ALL_OBJECTS).flat().sort());
        const children = recording.registrations.filter(({ type }) => type.startsWith("kubernetes:"));
        expect(children.map(({ parent }) => parent)).toEqual(children.map(() => COMPONENT));
    });

    it.each(ADDONS)("leaves %s out where it is not wanted", async (addon) => {
        const { recording } = await deploy({ addons: ADDONS.filter((name) => name !== addon) });
        const { [addon]: _, ...others } = ALL_OBJECTS;
        expect(recording.objects).toEqual(Object.values(others).flat().sort());
    });

    it("are the samples of the version, which must be locked", async () => {
        const version = ISTIO_VERSIONS.at(-1)!;
        const upstream = serveUpstream();
        const recording = await Recording.start();
        new Addons("addons", { version, addons: ["kiali"] }, { provider: new k8s.Provider("test", {}) });
        await recording.settled();
        expect(upstream.files).toEqual([`istio-${version}/samples/addons/kiali.yaml`]);
        expect(() => new Addons("addons", { version: "1.24.0" })).toThrow(
            /^Istio 1\.24\.0 is not locked: use 1\.25\.1, /,
        );
    });

    it("is nothing at all where every addon is switched off", async () => {
        const { recording, services } = await deploy({ addons: [] });
        expect(recording.objects).toEqual([]);
        expect([...services.keys()]).toEqual([]);
    });

    it("applies an object that needs no change as its manifest has it, without empty fields", async () => {
        const { recording } = await deploy({ addons: ["kiali"] });
        expect(recording.one("kubernetes:core/v1:ConfigMap", "addons-kiali").inputs).toEqual({
            apiVersion: "v1",
            kind: "ConfigMap",
            metadata: { name: "kiali", namespace: "istio-system" },
            data: { "config.yaml": "auth: { strategy: anonymous }" },
        });
        expect(recording.one(DEPLOYMENT, "addons-kiali").inputs).toEqual({
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
        const { services } = await deploy();
        expect([...services.keys()]).toEqual([
            "kiali",
            "tracing",
            "zipkin",
            "jaeger-collector",
            "prometheus",
            "grafana",
            "loki",
            "loki-headless",
        ]);
        expect(await valueOf(services.get("grafana")!.spec.ports)).toEqual([{ name: "service", port: 3000 }]);
    });

    it("waits for no Service; a Service's own annotations stay", async () => {
        const { recording } = await deploy();
        const services = recording.ofType(SERVICE);
        expect(services).toHaveLength(8);
        for (const { inputs } of services) {
            expect(inputs.metadata.annotations).toMatchObject(SKIP_AWAIT);
        }
        expect(recording.one(SERVICE, "addons-prometheus").inputs.metadata.annotations).toEqual({
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
        const types = recording.ofType(SERVICE).map(({ inputs }) => [inputs.metadata.name, inputs.spec.type]);
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
        const { recording } = await deploy({ kiali: { access: "token" } });
        const command = recording.one("command:local:Command", "addons-kiali-signing-key");
        const { data } = recording.one("kubernetes:core/v1:ConfigMap", "addons-kiali").inputs as unknown as {
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
        const { recording } = await deploy({ loki: { storageSize: "20Gi", storageClass: "fast" } });
        const [type, name] = CLAIM.split("::") as [string, string];
        expect(recording.one(type, name).inputs.spec).toEqual({
            accessModes: ["ReadWriteOnce"],
            storageClassName: "fast",
            resources: { requests: { storage: "20Gi" } },
        });
        const statefulSet = recording.one(STATEFUL_SET, "addons-loki");
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

    it("is never replaced, unless it is known to hold nothing", async () => {
        const options = async (unbound?: string[]) => {
            const { recording } = await deploy({ unbound });
            const { ignoreChanges, replaceOnChanges } = recording.one(...(CLAIM.split("::") as [string, string]));
            return { ignoreChanges, replaceOnChanges };
        };
        expect(await options()).toEqual({ ignoreChanges: ["spec.storageClassName"], replaceOnChanges: [] });
        expect(await options(["loki"])).toEqual({ ignoreChanges: [], replaceOnChanges: ["spec"] });
    });
});

describe("the addons' images", () => {
    const imageMirrors = { "docker.io": "mirror.local/hub", "ghcr.io": "mirror.local/ghcr" };

    it("come from the mirrors, those without a registry and those of init containers too", async () => {
        const { recording } = await deploy({ imageMirrors });
        expect(recording.one(DEPLOYMENT, "addons-prometheus").inputs.spec.template.spec).toEqual({
            initContainers: [{ name: "chown", image: "mirror.local/hub/library/busybox:1" }],
            containers: [
                { name: "reloader", image: "mirror.local/ghcr/prometheus-operator/reloader:1" },
                { name: "server", image: "mirror.local/hub/prom/prometheus:v3", args: ["--a=1"] },
            ],
        });
        expect(recording.one(STATEFUL_SET, "addons-loki").inputs.spec.template.spec.containers[0].image).toBe(
            "mirror.local/hub/grafana/loki:3",
        );
        expect(recording.one(DEPLOYMENT, "addons-kiali").inputs.spec.template.spec.containers[0].image).toBe(
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

describe("an addon that does not exist", () => {
    it("is refused before anything is registered", async () => {
        const recording = await Recording.start();
        expect(() => new Addons("addons", { addons: ["zipkin"] })).toThrow(
            new UserError("There is no addon zipkin; allowed: kiali, jaeger, prometheus, grafana, loki"),
        );
        await recording.settled();
        expect(recording.registrations).toEqual([]);
    });
});

describe("Addons whose files cannot be had", () => {
    it("say so in one sentence, and what depends on them is not registered", async () => {
        const why = new UserError("The file is not there.");
        serveUpstream({ "istio-1.25.1/samples/addons/kiali.yaml": why });
        await Recording.start();
        const addons = new Addons("addons", {}, { provider: new k8s.Provider("test", {}) });
        const failures: unknown[] = [];
        const listen = (error: unknown) => failures.push(error);
        const others = process.listeners("unhandledRejection");
        process.removeAllListeners("unhandledRejection").on("unhandledRejection", listen);
        await expect(addons.services).rejects.toMatchObject({ message: why.message, hideStack: true });
        await new Promise((resolve) => setTimeout(resolve, 50));
        process.removeAllListeners("unhandledRejection");
        for (const other of others) process.on("unhandledRejection", other);
        expect(new Set(failures.map((failure) => (failure as Error).message))).toEqual(new Set([why.message]));
    });
});
