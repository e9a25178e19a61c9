import { setTimeout as sleep } from "node:timers/promises";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { ISTIO_VERSIONS, UserError } from "@istio-on-pulumi/kube";
import { IstioControlPlane, type IstioControlPlaneArgs } from "../../../components";
import { transformChild } from "../../support/callbacks";
import { Recording, valueOf } from "../../support/mocks";
import { serveUpstream } from "../../support/upstream";

const COMPONENT = "istio-on-pulumi:index:IstioControlPlane::istio";
const NAMESPACE = "kubernetes:core/v1:Namespace";
const RELEASE = "kubernetes:helm.sh/v3:Release";
const CHART = "kubernetes:helm.sh/v4:Chart";
const WEBHOOK = "kubernetes:admissionregistration.k8s.io/v1:ValidatingWebhookConfiguration";
const SERVICE = "kubernetes:core/v1:Service";
const DEPLOYMENT = "kubernetes:apps/v1:Deployment";

const IMAGES = { hub: "registry.local:5000/istio", tag: "1.25.1-distroless" };
const MOUNTED = {
    volumes: [
        {
            name: "startup-config",
            projected: {
                sources: [{ configMap: { name: "istio" } }, { configMap: { name: "istio-sidecar-injector" } }],
            },
        },
    ],
    volumeMounts: [{ name: "startup-config", mountPath: "/var/run/startup-config", readOnly: true }],
};

async function deploy(args: IstioControlPlaneArgs = {}) {
    serveUpstream();
    const recording = await Recording.start();
    const provider = new k8s.Provider("test", {});
    const istio = new IstioControlPlane("istio", args, { provider });
    await recording.settled();
    return { recording, istio };
}

/** The values of chart `istiod`. */
async function valuesOf(args: IstioControlPlaneArgs) {
    const { recording } = await deploy(args);
    return recording.one(CHART, "istio-istiod").inputs.values as Record<string, unknown>;
}

describe("IstioControlPlane", () => {
    it("is a namespace, chart base as a release and chart istiod, each its own child", async () => {
        const { recording } = await deploy();
        expect(recording.objects).toEqual([
            `${NAMESPACE}::istio-istio-system`,
            `${RELEASE}::istio-istio-base`,
            `${CHART}::istio-istiod`,
        ]);
        const children = recording.registrations.filter(({ type }) => [NAMESPACE, RELEASE, CHART].includes(type));
        expect(children.map(({ parent }) => parent)).toEqual([COMPONENT, COMPONENT, COMPONENT]);
    });

    it("creates the namespace as istioctl does, without labels", async () => {
        const { recording, istio } = await deploy();
        expect(recording.one(NAMESPACE, "istio-istio-system").inputs).toEqual({
            apiVersion: "v1",
            kind: "Namespace",
            metadata: { name: "istio-system" },
        });
        expect(await valueOf(istio.namespace)).toBe("istio-system");
    });

    it("installs chart base in the namespace, profile demo", async () => {
        const { recording } = await deploy();
        const base = recording.one(RELEASE, "istio-istio-base");
        expect(base.inputs).toEqual({
            name: "istio-base",
            namespace: "istio-system",
            chart: "./.upstream/istio-1.25.1/charts/base",
            version: "1.25.1",
            values: { profile: "demo" },
            skipAwait: true,
            compat: "true",
        });
        expect(base.dependencies).toEqual([`${NAMESPACE}::istio-istio-system`]);
    });

    it("starts istiod, and nothing else, after the CRDs of Gateway API", async () => {
        let tell: (names: string[]) => void = () => {};
        const told = new Promise<string[]>((resolve) => (tell = resolve));
        serveUpstream();
        const recording = await Recording.start();
        new IstioControlPlane("istio", { gatewayApiCrds: told }, { provider: new k8s.Provider("test", {}) });
        await vi.waitFor(() => expect(recording.events).toContain(`answered ${RELEASE}::istio-istio-base`));
        await sleep(100);
        expect(recording.events).not.toContain(`asked ${CHART}::istio-istiod`);
        tell(["gateways.gateway.networking.k8s.io"]);
        await recording.settled();
        expect(recording.events).toContain(`asked ${CHART}::istio-istiod`);
    });

    it("installs chart istiod after base, with its values", async () => {
        const { recording } = await deploy(IMAGES);
        const istiod = recording.one(CHART, "istio-istiod");
        expect(istiod.inputs).toEqual({
            name: "istiod",
            namespace: "istio-system",
            chart: "./.upstream/istio-1.25.1/charts/istiod",
            version: "1.25.1",
            values: {
                profile: "demo",
                global: {
                    hub: "registry.local:5000/istio",
                    tag: "1.25.1-distroless",
                    defaultPodDisruptionBudget: { enabled: false },
                },
                ...MOUNTED,
            },
        });
        expect(istiod.kind).toBe("remote");
        expect(istiod.dependencies).toEqual([`${NAMESPACE}::istio-istio-system`, `${RELEASE}::istio-istio-base`]);
        expect(istiod.transforms).toHaveLength(1);
    });
});

describe("the version of IstioControlPlane", () => {
    it.each(ISTIO_VERSIONS)("%s decides on both charts and on the images", async (version) => {
        const { recording, istio } = await deploy({ version });
        for (const [type, chart] of [
            [RELEASE, "base"],
            [CHART, "istiod"],
        ] as const) {
            expect(recording.ofType(type).map(({ inputs }) => inputs)).toEqual([
                expect.objectContaining({ chart: `./.upstream/istio-${version}/charts/${chart}`, version }),
            ]);
        }
        expect(recording.one(CHART, "istio-istiod").inputs.values).toMatchObject({ global: { tag: version } });
        expect(await valueOf(istio.version)).toBe(version);
    });

    it("must be locked", () => {
        expect(() => new IstioControlPlane("istio", { version: "1.24.0" })).toThrow(
            new UserError(
                `Istio 1.24.0 is not locked: use ${ISTIO_VERSIONS.join(", ")}, ` +
                    'or lock Istio\'s version with "npm run lock -- add <version>" in a checkout of istio-on-pulumi.',
            ),
        );
    });

    it("warns of images that are not of the charts' release, and of no others", async () => {
        const warn = vi.spyOn(pulumi.log, "warn").mockResolvedValue();
        onTestFinished(() => warn.mockRestore());
        for (const tag of ["1.25.1", "1.25.1-distroless", "1.25.9", "hardened"])
            await deploy({ tag: pulumi.output(tag) });
        expect(warn.mock.calls.map(([text]) => text)).toEqual([
            "Istio's images have the tag 1.25.9, and its charts are those of 1.25.1.",
            "Istio's images have the tag hardened, and its charts are those of 1.25.1.",
        ]);
    });

    it("refuses images of another minor version, which its charts are not made for", async () => {
        const refusal =
            "Istio's images have the tag 1.24.3, which the charts of 1.25.1 are not made for; " +
            "use a tag of 1.25, or another version.";
        expect(() => new IstioControlPlane("istio", { tag: "1.24.3" })).toThrow(new UserError(refusal));
        const failures: unknown[] = [];
        const others = process.listeners("unhandledRejection");
        process.removeAllListeners("unhandledRejection").on("unhandledRejection", (error) => failures.push(error));
        await deploy({ tag: pulumi.output("1.24.3") }).catch((error: unknown) => failures.push(error));
        await new Promise((resolve) => setTimeout(resolve, 50));
        process.removeAllListeners("unhandledRejection");
        for (const other of others) process.on("unhandledRejection", other);
        expect(failures.length).toBeGreaterThan(0);
        for (const failure of failures) expect((failure as Error).message).toContain(refusal);
    });
});

describe("the values of chart istiod", () => {
    it("are profile, hub and tag of the release, what istiod reads at its start, and no disruption budget", async () => {
        expect(await valuesOf({})).toEqual({
            profile: "demo",
            global: { hub: "docker.io/istio", tag: "1.25.1", defaultPodDisruptionBudget: { enabled: false } },
            ...MOUNTED,
        });
    });

    it("take in those that are given, map by map, and no list is lost that istiod needs", async () => {
        const own = { name: "own", emptyDir: {} };
        const values = pulumi.output({
            global: { proxy: { logLevel: "debug" }, defaultPodDisruptionBudget: { enabled: true } },
            env: { A: "b" },
            volumes: [own],
        });
        expect(await valuesOf({ values })).toEqual({
            profile: "demo",
            global: {
                hub: "docker.io/istio",
                tag: "1.25.1",
                proxy: { logLevel: "debug" },
                defaultPodDisruptionBudget: { enabled: true },
            },
            env: { A: "b" },
            volumes: [own, ...MOUNTED.volumes],
            volumeMounts: MOUNTED.volumeMounts,
        });
    });

    it("of a revision name what that revision's istiod reads, and so do the outputs", async () => {
        const { recording, istio } = await deploy({ values: { revision: "canary" } });
        const { values } = recording.one(CHART, "istio-istiod").inputs as unknown as { values: typeof MOUNTED };
        expect(values.volumes[0]!.projected.sources).toEqual([
            { configMap: { name: "istio-canary" } },
            { configMap: { name: "istio-sidecar-injector-canary" } },
        ]);
        expect(await valueOf(istio.revision)).toBe("canary");
        expect(await valueOf(istio.injectionWebhook)).toBe("istio-sidecar-injector-canary");
        expect(await valueOf(istio.validationWebhook)).toBe("istio-validator-canary-istio-system");
        expect(await valueOf(istio.endpoint)).toMatchObject({ service: "istiod-canary", namespace: "istio-system" });
    });

    it("of chart base take in those that are given, beside the CRDs that are left to another tool", async () => {
        const { recording } = await deploy({
            excludedCrds: ["sidecars.networking.istio.io"],
            baseValues: { defaultRevision: "canary" },
        });
        expect(recording.one(RELEASE, "istio-istio-base").inputs.values).toEqual({
            profile: "demo",
            base: { excludedCRDs: ["sidecars.networking.istio.io"] },
            defaultRevision: "canary",
        });
    });
});

describe("mirrors of Istio's images", () => {
    const values = (imageMirrors: Record<string, string>) => valuesOf({ imageMirrors });

    it("stand in the hub where they are for all of them", async () => {
        const { global, ...others } = await values({ "docker.io": "mirror.local/hub" });
        expect(global).toMatchObject({ hub: "mirror.local/hub/istio" });
        expect(global).not.toHaveProperty("proxy");
        expect(others).not.toHaveProperty("image");
    });

    it("stand in each image where they are for one of them: istiod's, and those of both containers of a sidecar", async () => {
        const imageMirrors = {
            "docker.io/istio": "mirror.local/istio",
            "docker.io/istio/pilot": "mirror.local/the-pilot",
            "docker.io/istio/proxyv2": "mirror.local/a/proxyv2",
        };
        expect(await values(imageMirrors)).toMatchObject({
            image: "mirror.local/the-pilot:1.25.1",
            global: {
                hub: "mirror.local/istio",
                proxy: { image: "mirror.local/a/proxyv2:1.25.1" },
                proxy_init: { image: "mirror.local/a/proxyv2:1.25.1" },
            },
        });
    });
});

describe("the transform of chart istiod's objects", () => {
    const service = { type: SERVICE, name: "istiod:istio-system/istiod", props: { metadata: { name: "istiod" } } };
    const webhook = {
        type: WEBHOOK,
        name: "istiod:validator",
        props: { webhooks: [{ name: "a", failurePolicy: "Ignore" }] },
    };
    const configMap = { type: "kubernetes:core/v1:ConfigMap", name: "istiod:istio-system/istio", props: { data: {} } };

    it.each([
        ["a Service", service, { metadata: { name: "istiod", annotations: { "pulumi.com/skipAwait": "true" } } }],
        [
            "a Deployment",
            { type: DEPLOYMENT, name: "istiod:istio-system/istiod", props: { spec: { replicas: 1 } } },
            { spec: {} },
        ],
        ["a validating webhook", webhook, { webhooks: [{ name: "a" }] }],
        ["nothing", configMap, configMap.props],
    ])("gives the component's provider where it changes %s", async (_, child, props) => {
        const { recording } = await deploy();
        expect(await transformChild(recording.one(CHART, "istio-istiod").transforms, child)).toEqual({
            props,
            provider: "test",
        });
    });

    it.each([
        ["changes", service],
        ["leaves", configMap],
    ])("is followed by the component's own transforms, which keep the provider of what it %s", async (_, child) => {
        serveUpstream();
        const recording = await Recording.start();
        const mark: pulumi.ResourceTransform = ({ props, opts }) => ({ props: { ...props, mine: true }, opts });
        new IstioControlPlane("istio", {}, { provider: new k8s.Provider("test", {}), transforms: [mark] });
        await recording.settled();
        const transforms = recording.transformsOf(recording.one(CHART, "istio-istiod"));
        expect(await transformChild(transforms, child)).toMatchObject({ props: { mine: true }, provider: "test" });
    });
});
