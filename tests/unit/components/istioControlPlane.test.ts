import * as k8s from "@pulumi/kubernetes";
import { describe, expect, it } from "vitest";
import type { ClusterClient } from "@istio-on-pulumi/kube";
import { IstioControlPlane } from "../../../components";
import { changeIstiodObject, istiodTransform } from "../../../components/istioControlPlane";
import { istiodValues } from "../../../components/istiodValues";
import { transformChild } from "../../support/callbacks";
import { Recording, valueOf } from "../../support/mocks";

const COMPONENT = "istio-on-pulumi:index:IstioControlPlane::istio";
const NAMESPACE = "kubernetes:core/v1:Namespace";
const RELEASE = "kubernetes:helm.sh/v3:Release";
const CHART = "kubernetes:helm.sh/v4:Chart";
const WEBHOOK = "kubernetes:admissionregistration.k8s.io/v1:ValidatingWebhookConfiguration";
const SERVICE = "kubernetes:core/v1:Service";
const DEPLOYMENT = "kubernetes:apps/v1:Deployment";

const args = {
    charts: { base: "./.upstream/charts/base", istiod: "./.upstream/charts/istiod" },
    version: "1.25.1",
    hub: "registry.local:5000/istio",
    imageMirrors: {},
    tag: "1.25.1-distroless",
    existingNamespace: false,
    crds: [],
    managedCrds: [],
    client: {} as ClusterClient,
};

async function deploy() {
    const recording = await Recording.start();
    const provider = new k8s.Provider("test", {});
    const istio = new IstioControlPlane("istio", { ...args, provider });
    await recording.settled();
    return { recording, istio };
}

describe("IstioControlPlane", () => {
    it("is a namespace, chart base as a release and chart istiod, each its own child", async () => {
        const { recording } = await deploy();
        expect(recording.objects).toEqual([`${NAMESPACE}::istio-system`, `${RELEASE}::istio-base`, `${CHART}::istiod`]);
        const children = recording.registrations.filter(({ type }) => [NAMESPACE, RELEASE, CHART].includes(type));
        expect(children.map(({ parent }) => parent)).toEqual([COMPONENT, COMPONENT, COMPONENT]);
    });

    it("creates the namespace as istioctl does, without labels", async () => {
        const { recording, istio } = await deploy();
        expect(recording.one(NAMESPACE, "istio-system").inputs).toEqual({
            apiVersion: "v1",
            kind: "Namespace",
            metadata: { name: "istio-system" },
        });
        expect(await valueOf(istio.namespace.id)).toBe("istio-system");
    });

    it("installs chart base in the namespace, profile demo", async () => {
        const { recording, istio } = await deploy();
        const base = recording.one(RELEASE, "istio-base");
        expect(base.inputs).toEqual({
            name: "istio-base",
            namespace: "istio-system",
            chart: "./.upstream/charts/base",
            version: "1.25.1",
            values: { profile: "demo" },
            compat: "true",
        });
        expect(base.dependencies).toEqual([`${NAMESPACE}::istio-system`]);
        expect(await valueOf(istio.base.name)).toBe("istio-base");
    });

    it("installs chart istiod after base, with its values", async () => {
        const { recording } = await deploy();
        const istiod = recording.one(CHART, "istiod");
        expect(istiod.inputs).toEqual({
            name: "istiod",
            namespace: "istio-system",
            chart: "./.upstream/charts/istiod",
            version: "1.25.1",
            values: istiodValues(args),
        });
        expect(istiod.kind).toBe("remote");
        expect(istiod.dependencies).toEqual([`${NAMESPACE}::istio-system`, `${RELEASE}::istio-base`]);
        expect(istiod.transforms).toHaveLength(1);
    });
});

describe("istiodValues", () => {
    it("sets profile, hub and tag, mounts what istiod reads at its start, and leaves the disruption budget out", () => {
        expect(istiodValues({ hub: "docker.io/istio", tag: "1.25.1", imageMirrors: {} })).toEqual({
            profile: "demo",
            global: {
                hub: "docker.io/istio",
                tag: "1.25.1",
                defaultPodDisruptionBudget: { enabled: false },
            },
            volumes: [
                {
                    name: "startup-config",
                    projected: {
                        sources: [{ configMap: { name: "istio" } }, { configMap: { name: "istio-sidecar-injector" } }],
                    },
                },
            ],
            volumeMounts: [{ name: "startup-config", mountPath: "/var/run/startup-config", readOnly: true }],
        });
    });
});

describe("mirrors of Istio's images", () => {
    const values = (imageMirrors: Record<string, string>) =>
        istiodValues({ hub: "docker.io/istio", tag: "1.25.1", imageMirrors });

    it("stand in the hub where they are for all of them", () => {
        const { global } = values({ "docker.io": "mirror.local/hub" });
        expect(global).toMatchObject({ hub: "mirror.local/hub/istio" });
        expect(global).not.toHaveProperty("proxy");
        expect(values({ "docker.io": "mirror.local/hub" })).not.toHaveProperty("image");
    });

    it("stand in each image where they are for one of them: istiod's, and those of both containers of a sidecar", () => {
        const imageMirrors = {
            "docker.io/istio": "mirror.local/istio",
            "docker.io/istio/pilot": "mirror.local/the-pilot",
            "docker.io/istio/proxyv2": "mirror.local/a/proxyv2",
        };
        expect(values(imageMirrors)).toMatchObject({
            image: "mirror.local/the-pilot:1.25.1",
            global: {
                hub: "mirror.local/istio",
                proxy: { image: "mirror.local/a/proxyv2:1.25.1" },
                proxy_init: { image: "mirror.local/a/proxyv2:1.25.1" },
            },
        });
    });
});

describe("changeIstiodObject", () => {
    it("leaves failurePolicy of every validating webhook to istiod, and everything else as it is", () => {
        const webhook = {
            metadata: { name: "istio-validator-istio-system", labels: { app: "istiod" } },
            webhooks: [
                {
                    name: "rev.validation.istio.io",
                    failurePolicy: "Ignore",
                    sideEffects: "None",
                    rules: [{ operations: ["CREATE"] }],
                },
                { name: "second", failurePolicy: "Fail" },
            ],
        };
        expect(changeIstiodObject(WEBHOOK, webhook)).toEqual({
            metadata: { name: "istio-validator-istio-system", labels: { app: "istiod" } },
            webhooks: [
                { name: "rev.validation.istio.io", sideEffects: "None", rules: [{ operations: ["CREATE"] }] },
                { name: "second" },
            ],
        });
        expect(webhook.webhooks[0]!.failurePolicy).toBe("Ignore");
    });

    it("does not wait for the Service, whose own annotations stay", () => {
        const service = {
            metadata: { name: "istiod", annotations: { own: "stays" } },
            spec: { ports: [{ port: 15010 }] },
        };
        expect(changeIstiodObject(SERVICE, service)).toEqual({
            metadata: { name: "istiod", annotations: { own: "stays", "pulumi.com/skipAwait": "true" } },
            spec: { ports: [{ port: 15010 }] },
        });
    });

    it("leaves the number of istiod's pods to whoever scales it", () => {
        const deployment = { metadata: { name: "istiod" }, spec: { replicas: 1, selector: {} } };
        expect(changeIstiodObject(DEPLOYMENT, deployment)).toEqual({
            metadata: { name: "istiod" },
            spec: { selector: {} },
        });
    });

    it.each([
        "kubernetes:core/v1:ConfigMap",
        "kubernetes:core/v1:ServiceAccount",
        "kubernetes:admissionregistration.k8s.io/v1:MutatingWebhookConfiguration",
    ])("keeps a %s as the chart has it", (type) => {
        expect(
            changeIstiodObject(type, { metadata: { name: "x" }, webhooks: [{ failurePolicy: "Fail" }] }),
        ).toBeUndefined();
    });
});

describe("the transform of chart istiod's objects", () => {
    const service = { type: SERVICE, name: "istiod:istio-system/istiod", props: { metadata: { name: "istiod" } } };
    const webhook = {
        type: WEBHOOK,
        name: "istiod:validator",
        props: { webhooks: [{ name: "a", failurePolicy: "Ignore" }] },
    };

    it.each([
        ["a Service", service, { metadata: { name: "istiod", annotations: { "pulumi.com/skipAwait": "true" } } }],
        [
            "a Deployment",
            { type: DEPLOYMENT, name: "istiod:istio-system/istiod", props: { spec: { replicas: 1 } } },
            { spec: {} },
        ],
        ["a validating webhook", webhook, { webhooks: [{ name: "a" }] }],
    ])("keeps the component's provider where it changes %s", async (_, child, props) => {
        const { recording } = await deploy();
        expect(await transformChild(recording.one(CHART, "istiod").transforms[0]!, child)).toEqual({
            props,
            provider: "test",
            changed: true,
        });
    });

    it("answers with nothing where it changes nothing, which keeps the provider too", async () => {
        const { recording } = await deploy();
        const configMap = {
            type: "kubernetes:core/v1:ConfigMap",
            name: "istiod:istio-system/istio",
            props: { data: {} },
        };
        expect(await transformChild(recording.one(CHART, "istiod").transforms[0]!, configMap)).toEqual({
            props: { data: {} },
            changed: false,
        });
    });

    it("keeps the child's other options", async () => {
        const recording = await Recording.start();
        const provider = new k8s.Provider("test", {});
        await recording.settled();
        const result = await istiodTransform(provider)({
            ...service,
            custom: true,
            opts: { retainOnDelete: true, protect: true },
        });
        expect(result?.opts).toMatchObject({ retainOnDelete: true, protect: true, provider });
    });
});
