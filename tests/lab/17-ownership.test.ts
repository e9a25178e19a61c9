import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ADDONS, DEFAULT_ISTIO, istioRelease } from "@istio-on-pulumi/kube";
import { gatewayPlace } from "../../stack/gateway";
import { plannedObjects } from "../../stack/planned";
import { gatewayApiCrdNames, readAddons, readIstioCrdNames, UpstreamFiles } from "../../upstream";
import { Lab, TEST_LAB } from "../support/lab";
import { getAll, getOne, type KubeObject } from "../support/lab-objects";
import { applyObject, clusterRole, namespace, printed, refusedPreview } from "../support/lab-refused";
import { Stack } from "../support/lab-stack";
import { BOOKINFO_NAMESPACE, ISTIO_NAMESPACE, walkthroughManifests } from "../support/lab-walkthrough";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);
const kubectl = (...args: string[]) => lab.output(["kubectl", ...args]);
const apply = (object: object) => applyObject(lab, object);
const refused = (settings?: Record<string, string>) => refusedPreview(stack, settings);

/** A chart of one template, installed by helm itself. */
async function helmInstall(release: string, namespace: string, template: object): Promise<void> {
    const chart = mkdtempSync(join(tmpdir(), "chart-"));
    writeFileSync(join(chart, "Chart.yaml"), `apiVersion: v2\nname: ${release}\nversion: 1.0.0\n`);
    mkdirSync(join(chart, "templates"));
    writeFileSync(join(chart, "templates", "object.yaml"), JSON.stringify(template));
    try {
        await lab.output(["helm", "install", release, chart, "--namespace", namespace, "--create-namespace"]);
    } finally {
        rmSync(chart, { recursive: true });
    }
}

beforeAll(() => stack.destroy());

describe("objects of others", () => {
    afterAll(async () => {
        await lab.run(["helm", "uninstall", "monitoring", "--namespace", "monitoring"]);
        await lab.run(["helm", "uninstall", "crds", "--namespace", "platform"]);
        await lab.run(["istioctl", "uninstall", "--purge", "--skip-confirmation"]);
        await kubectl(
            "delete",
            "namespace",
            BOOKINFO_NAMESPACE,
            "monitoring",
            "platform",
            ISTIO_NAMESPACE,
            "--ignore-not-found",
        );
        await kubectl("delete", "clusterrole", "kiali", "--ignore-not-found");
    });

    test("of three owners are named in one list, each with the way out, and nothing is changed", async () => {
        await helmInstall("monitoring", "monitoring", clusterRole("prometheus"));
        await apply(namespace(BOOKINFO_NAMESPACE));
        await apply(clusterRole("kiali"));
        const profile = ["--set", "profile=minimal", "--set", "hub=docker.io/istio", "--set", "tag=1.25.1"];
        await lab.output(["istioctl", "install", "--skip-confirmation", ...profile]);
        const text = await refused();
        expect(text).toMatch(
            /ClusterRole prometheus, by Helm release "monitoring" of namespace "monitoring": .*helm uninstall monitoring -n monitoring; or leave ours out with: pulumi config set --path addons.prometheus.enabled false/,
        );
        expect(text).toMatch(/Namespace istio-sample, by kubectl: use it as it is with: .*namespaces\.existing/);
        expect(text).toMatch(/ClusterRole kiali, by kubectl: .*pulumi config set --path addons.kiali.enabled false/);
        expect(text).toMatch(/Deployment istio-system\/istiod.*, by istioctl: .*istioctl uninstall --purge/s);
    });

    test("that are another stack's are named so", async () => {
        // As a stack of this program marks what it makes.
        await kubectl("label", "clusterrole", "kiali", "istio-on-pulumi/stack=stack12345678");
        const outcome = await stack.attempt(["preview"]);
        expect(printed(outcome)).toMatch(/ClusterRole kiali, by another stack of this program \(stack12345678\)/);
        await kubectl("label", "clusterrole", "kiali", "istio-on-pulumi/stack-");
    });

    test("that are being deleted are waited for", async () => {
        const held = { ...clusterRole("kiali"), metadata: { name: "kiali", finalizers: ["test.local/held"] } };
        await apply(held);
        await kubectl("delete", "clusterrole", "kiali", "--wait=false");
        expect(await refused()).toMatch(/is still deleting ClusterRole kiali; try again when that is done/);
        await kubectl("patch", "clusterrole", "kiali", "--type=merge", "-p", '{"metadata":{"finalizers":null}}');
    });

    test("CRDs that somebody applied are nobody's, and the stack takes them over", async () => {
        await lab.output(["istioctl", "uninstall", "--purge", "--skip-confirmation"]);
        await kubectl("delete", "namespace", BOOKINFO_NAMESPACE, ISTIO_NAMESPACE);
        await lab.output(["helm", "uninstall", "monitoring", "--namespace", "monitoring"]);
        const manifests = await walkthroughManifests(lab, stack.settings().bundle!);
        const crds = manifests
            .find(({ name }) => name === "istio")!
            .text.split(/^---$/m)
            .filter((text) => /^kind: CustomResourceDefinition$/m.test(text));
        expect(crds).toHaveLength(14);
        await lab.output(["kubectl", "apply", "--server-side", "-f", "-"], { input: crds.join("---\n") });
        await stack.up("--skip-preview");
        await stack.preview("--expect-no-changes");
        const sidecars = await getOne<KubeObject>(lab, "customresourcedefinition", "sidecars.networking.istio.io");
        expect(sidecars.metadata.annotations).toMatchObject({ "meta.helm.sh/release-name": "istio-base" });
        await stack.destroy();
    });

    test("CRDs that another release keeps are left to it", async () => {
        const [name, other] = ["sidecars.networking.istio.io", { "meta.helm.sh/release-name": "crds" }];
        await helmInstall("crds", "platform", { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "any" } });
        const marks = { metadata: { annotations: { ...other, "meta.helm.sh/release-namespace": "platform" } } };
        await kubectl("patch", "customresourcedefinition", name, "--type=merge", "-p", JSON.stringify(marks));
        await stack.up("--skip-preview");
        await stack.preview("--expect-no-changes");
        const kept = await getOne<KubeObject>(lab, "customresourcedefinition", name);
        expect(kept.metadata.annotations).toMatchObject(other);
        await stack.destroy();
        await lab.output(["helm", "uninstall", "crds", "--namespace", "platform"]);
    });
});

describe("namespaces that somebody else made", () => {
    const settings = { "namespaces.existing": JSON.stringify([ISTIO_NAMESPACE, BOOKINFO_NAMESPACE]) };
    const labelsOf = async (name: string) => (await getOne<KubeObject>(lab, "namespace", name)).metadata.labels!;

    afterAll(() => kubectl("delete", "namespace", ISTIO_NAMESPACE, BOOKINFO_NAMESPACE, "--ignore-not-found"));

    test("that are not there are named", async () => {
        expect(await refused(settings)).toMatch(
            /has no namespace istio-system, istio-sample, which namespaces\.existing/,
        );
    });

    test("are labelled and used, with what is in them", async () => {
        await apply(namespace(ISTIO_NAMESPACE));
        await apply(namespace(BOOKINFO_NAMESPACE, { team: "shop" }));
        await kubectl("-n", BOOKINFO_NAMESPACE, "create", "configmap", "of-the-team");
        await stack.with(settings, async () => {
            await stack.up("--skip-preview");
            await stack.preview("--expect-no-changes");
        });
        expect(await labelsOf(BOOKINFO_NAMESPACE)).toMatchObject({ team: "shop", "istio-injection": "enabled" });
        expect(await labelsOf(ISTIO_NAMESPACE)).toHaveProperty(["istio-on-pulumi/used-by"]);
    });

    test("are never deleted, and lose the stack's labels", async () => {
        await stack.with(settings, () => stack.destroy());
        expect(Object.keys(await labelsOf(BOOKINFO_NAMESPACE)).sort()).toEqual(["kubernetes.io/metadata.name", "team"]);
        expect(Object.keys(await labelsOf(ISTIO_NAMESPACE))).toEqual(["kubernetes.io/metadata.name"]);
        await kubectl("-n", BOOKINFO_NAMESPACE, "get", "configmap", "of-the-team");
    });
});

describe("a stack that is up", () => {
    beforeAll(() => stack.up("--skip-preview"));

    test("has no object that was not looked for before", async () => {
        const upstream = UpstreamFiles.open({
            projectDir: lab.place.repository,
            bundleDir: stack.settings().bundle,
        });
        const manifests = await readAddons(upstream, DEFAULT_ISTIO, ADDONS);
        const planned = plannedObjects({
            bookinfoNamespace: BOOKINFO_NAMESPACE,
            gateway: gatewayPlace({ bookinfo: { enabled: true, namespace: BOOKINFO_NAMESPACE }, gateway: {} }),
            strictMtls: false,
            controlPlanes: { default: DEFAULT_ISTIO },
            istiodValues: {},
            istioCrds: await readIstioCrdNames(upstream, DEFAULT_ISTIO),
            gatewayApiCrds: gatewayApiCrdNames(istioRelease(DEFAULT_ISTIO).gatewayApi),
            addons: {},
            manifests,
        }).map(({ apiVersion, kind, namespace: place, name }) => `${apiVersion} ${kind} ${place ?? ""}/${name}`);
        const made = (await stack.resources()).filter(
            ({ type, custom, external }) =>
                custom && !external && type.startsWith("kubernetes:") && !/helm\.sh|Patch$/.test(type),
        );
        const names = made.map(({ inputs }) => {
            const { apiVersion, kind, metadata } = inputs as KubeObject;
            return `${apiVersion} ${kind} ${metadata.namespace ?? ""}/${metadata.name}`;
        });
        expect(names.length).toBeGreaterThan(70);
        expect(names.filter((name) => !planned.includes(name))).toEqual([]);
    });

    test("is not held back by what only a first update needs", async () => {
        const [node] = await getAll(lab, "nodes");
        await kubectl("cordon", node!.metadata.name);
        try {
            await stack.preview("--expect-no-changes");
        } finally {
            await kubectl("uncordon", node!.metadata.name);
        }
    });

    test("keeps a second stack off the cluster, which names what is the first one's", async () => {
        const second = `${stack.name}-second`;
        await lab.output(["pulumi", "stack", "init", second]);
        const settings = lab.place.stackSettings.replace(stack.name, second);
        try {
            for (const [key, value] of Object.entries(stack.settings()))
                await lab.output(["pulumi", "config", "set", "--path", "--stack", second, key, value]);
            const outcome = await lab.run(["pulumi", "preview", "--stack", second, "--non-interactive"]);
            expect(outcome.code).not.toBe(0);
            expect(printed(outcome)).toMatch(/by another stack of this program \(stack\w+\): .*pulumi destroy, there/);
        } finally {
            await lab.output(["pulumi", "stack", "rm", second, "--yes", "--force"]);
            rmSync(settings, { force: true });
        }
    });

    test("takes over what its state has lost, a Helm release too", async () => {
        const urns = (await stack.resources()).map(({ urn }) => urn);
        const lost = [
            "helm.sh/v3:Release::istio-istio-base",
            "Deployment::bookinfo-details-v1",
            "ClusterRole::addons-kiali",
        ].map((end) => urns.find((urn) => urn.endsWith(end))!);
        // As an update leaves the state that was killed after it had made them.
        const state = JSON.parse(await stack.pulumi(["stack", "export"])) as {
            deployment: { resources: { urn: string; dependencies?: string[]; propertyDependencies?: object }[] };
        };
        const { resources } = state.deployment;
        state.deployment.resources = resources
            .filter(({ urn }) => !lost.includes(urn))
            .map(({ propertyDependencies: _, ...resource }) => ({
                ...resource,
                dependencies: resource.dependencies?.filter((urn) => !lost.includes(urn)),
            }));
        await stack.pulumi(["stack", "import"], { input: JSON.stringify(state) });
        await stack.up("--skip-preview");
        await stack.preview("--expect-no-changes");
    });
});
