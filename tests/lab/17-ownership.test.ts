import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ADDONS } from "@istio-on-pulumi/kube";
import { plannedObjects } from "../../components";
import { readAddons, readIstioCrdNames, UpstreamFiles } from "../../upstream";
import { Lab, type Outcome, TEST_LAB } from "../support/lab";
import { eventually, getAll, getOne, type KubeObject } from "../support/lab-objects";
import { Stack } from "../support/lab-stack";
import { BOOKINFO_NAMESPACE, ISTIO_NAMESPACE } from "../support/lab-walkthrough";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);
const kubectl = (...args: string[]) => lab.output(["kubectl", ...args]);
const apply = (object: object) =>
    lab.output(["kubectl", "apply", "--server-side", "-f", "-"], { input: JSON.stringify(object) });
const printed = ({ stdout, stderr }: Outcome) => `${stdout}\n${stderr}`;

/** What a preview says that must be refused, and what it leaves: no trace, and nothing in the cluster. */
async function refused(settings: Record<string, string> = {}): Promise<string> {
    const outcome = await stack.with(settings, () => stack.attempt(["preview"]));
    const text = printed(outcome);
    expect(outcome.code, text).not.toBe(0);
    expect(text).not.toMatch(/^\s+at .*:\d+:\d+/m);
    const made = await getAll(
        lab,
        "namespaces,clusterroles,deployments",
        "--all-namespaces",
        "-l",
        "istio-on-pulumi/stack",
    );
    expect(made).toEqual([]);
    return text;
}

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

const namespace = (name: string, labels = {}) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
const clusterRole = (name: string) => ({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name },
    rules: [],
});

beforeAll(() => stack.destroy());

describe("objects of others", () => {
    afterAll(async () => {
        await lab.run(["helm", "uninstall", "monitoring", "--namespace", "monitoring"]);
        await lab.run(["istioctl", "uninstall", "--purge", "--skip-confirmation"]);
        await kubectl("delete", "namespace", BOOKINFO_NAMESPACE, "monitoring", ISTIO_NAMESPACE, "--ignore-not-found");
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
            /ClusterRole prometheus, by Helm release "monitoring" of namespace "monitoring": .*helm uninstall monitoring -n monitoring; or leave ours out with: pulumi config set prometheus false/,
        );
        expect(text).toMatch(/Namespace istio-sample, by kubectl: use it as it is with: .*existingNamespaces/);
        expect(text).toMatch(/ClusterRole kiali, by kubectl: .*pulumi config set kiali false/);
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

    test("the CRDs that istioctl leaves are nobody's, and the stack takes them over", async () => {
        await lab.output(["istioctl", "uninstall", "--purge", "--skip-confirmation"]);
        await kubectl("delete", "namespace", BOOKINFO_NAMESPACE, ISTIO_NAMESPACE);
        await lab.output(["helm", "uninstall", "monitoring", "--namespace", "monitoring"]);
        const crds = await getAll(lab, "customresourcedefinitions");
        expect(crds.filter(({ metadata }) => metadata.name.endsWith(".istio.io")).length).toBe(14);
        await stack.up("--skip-preview");
        await stack.preview("--expect-no-changes");
        await stack.destroy();
    });
});

describe("namespaces that somebody else made", () => {
    const settings = { existingNamespaces: JSON.stringify([ISTIO_NAMESPACE, BOOKINFO_NAMESPACE]) };
    const labelsOf = async (name: string) => (await getOne<KubeObject>(lab, "namespace", name)).metadata.labels!;

    afterAll(() => kubectl("delete", "namespace", ISTIO_NAMESPACE, BOOKINFO_NAMESPACE, "--ignore-not-found"));

    test("that are not there are named", async () => {
        expect(await refused(settings)).toMatch(
            /has no namespace istio-system, istio-sample, which existingNamespaces/,
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

describe("what can be known before", () => {
    const existing = { existingNamespaces: JSON.stringify([BOOKINFO_NAMESPACE]) };
    const undo: (() => Promise<unknown>)[] = [];
    afterEach(async () => {
        for (const step of undo.splice(0)) await step();
    });
    const made = async (object: KubeObject | object) => {
        const { kind, metadata } = object as KubeObject;
        undo.unshift(() =>
            kubectl("delete", kind, metadata.name, "-n", metadata.namespace ?? "default", "--ignore-not-found"),
        );
        await apply(object);
    };

    test("Pod Security of an existing namespace that forbids istio-init", async () => {
        await made(namespace(BOOKINFO_NAMESPACE, { "pod-security.kubernetes.io/enforce": "baseline" }));
        expect(await refused(existing)).toMatch(
            /refuses pods with a sidecar in namespace istio-sample: violates PodSecurity "baseline:latest".*NET_ADMIN/,
        );
    });

    test("a quota that asks for limits", async () => {
        await made(namespace(BOOKINFO_NAMESPACE));
        const metadata = { name: "limits", namespace: BOOKINFO_NAMESPACE };
        const quota = { apiVersion: "v1", kind: "ResourceQuota", metadata, spec: { hard: { "limits.cpu": "10" } } };
        await made(quota);
        expect(
            await eventually(
                () => stack.with(existing, async () => printed(await stack.attempt(["preview"]))),
                (text) => /refuses pods with a sidecar in namespace istio-sample: failed quota: limits/.test(text),
                "the quota is enforced",
            ),
        ).toContain("must specify limits.cpu");
    });

    test("a policy of the whole cluster against NET_ADMIN, before the namespace is there", async () => {
        const rule = { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] };
        const expression =
            "!object.spec.?initContainers.orValue([]).exists(c, c.?securityContext.capabilities.add.orValue([]).exists(a, a == 'NET_ADMIN'))";
        await made({
            apiVersion: "admissionregistration.k8s.io/v1",
            kind: "ValidatingAdmissionPolicy",
            metadata: { name: "no-net-admin" },
            spec: {
                matchConstraints: { resourceRules: [rule] },
                validations: [{ expression, message: "NET_ADMIN is not for you" }],
            },
        });
        await made({
            apiVersion: "admissionregistration.k8s.io/v1",
            kind: "ValidatingAdmissionPolicyBinding",
            metadata: { name: "no-net-admin" },
            spec: { policyName: "no-net-admin", validationActions: ["Deny"] },
        });
        await eventually(
            async () => printed(await stack.attempt(["preview"])),
            (text) => text.includes("NET_ADMIN is not for you"),
            "the policy is enforced",
        );
        expect(await refused()).toMatch(
            /refuses pods with a sidecar in namespace istio-sample: .*NET_ADMIN is not for you/,
        );
    });

    test("a node port that is taken, and one out of the range", async () => {
        const spec = { type: "NodePort", ports: [{ port: 80, nodePort: 30555 }] };
        await made({ apiVersion: "v1", kind: "Service", metadata: { name: "taken", namespace: "default" }, spec });
        expect(await refused({ gatewayNodePort: "30555" })).toMatch(
            /node port 30555 cannot be had: provided port is already allocated; .*pulumi config set gatewayNodePort/,
        );
        expect(await refused({ kialiNodePort: "8080" })).toMatch(
            /node port 8080 cannot be had: the range of node ports is 30000-32767/,
        );
    });

    test("a load balancer where nothing gives addresses", async () => {
        expect(await refused({ gatewayServiceType: "LoadBalancer" })).toMatch(
            /nothing seems to give addresses to Services of type LoadBalancer: .*pulumi config set gatewayServiceType NodePort/,
        );
    });

    test("no node that takes a pod, and another domain, in one list", async () => {
        const [node] = await getAll(lab, "nodes");
        undo.push(() => kubectl("uncordon", node!.metadata.name));
        await kubectl("cordon", node!.metadata.name);
        const data = { Corefile: ".:53 {\n    kubernetes corp.example in-addr.arpa {\n    }\n}\n" };
        await made({
            apiVersion: "v1",
            kind: "ConfigMap",
            metadata: { name: "coredns", namespace: "kube-system" },
            data,
        });
        const text = await refused();
        expect(text).toMatch(/no node takes a pod: \S+ \(cordoned\); make one schedulable first/);
        expect(text).toMatch(/its DNS serves the domain corp\.example/);
    });

    test("rights that the user lacks, each kind with its verbs", async () => {
        const account = { name: "reader", namespace: "default" };
        await made({ apiVersion: "v1", kind: "ServiceAccount", metadata: account });
        await made({
            ...clusterRole("reads-all"),
            rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["get", "list"] }],
        });
        await made({
            apiVersion: "rbac.authorization.k8s.io/v1",
            kind: "ClusterRoleBinding",
            metadata: { name: "reads-all" },
            roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "reads-all" },
            subjects: [{ kind: "ServiceAccount", ...account }],
        });
        const token = (await kubectl("create", "token", "reader")).trim();
        const config = JSON.parse(await kubectl("config", "view", "--raw", "-o", "json")) as { users: object[] };
        const file = join(tmpdir(), `reader-${process.pid}.json`);
        undo.push(() => Promise.resolve(rmSync(file)));
        writeFileSync(file, JSON.stringify({ ...config, users: [{ name: "lab", user: { token } }] }));
        const text = await refused({ kubeconfig: file });
        expect(text).toMatch(/this user may not: .*create, patch, delete deployments\.apps in istio-system/);
        expect(text).not.toMatch(/get, create/);
    });
});

describe("a stack that is up", () => {
    beforeAll(() => stack.up("--skip-preview"));

    test("has no object that was not looked for before", async () => {
        const upstream = UpstreamFiles.open({
            projectDir: lab.place.repository,
            bundleDir: stack.settings().bundle,
        });
        const manifests = await readAddons(upstream, ADDONS);
        const planned = plannedObjects({
            bookinfoNamespace: BOOKINFO_NAMESPACE,
            istioCrds: await readIstioCrdNames(upstream),
            addons: {
                manifests,
                kiali: { serviceType: "NodePort", nodePort: 0, access: "anonymous" },
                lokiStorage: { size: "10Gi", bound: true },
                imageMirrors: {},
            },
        }).map(({ apiVersion, kind, namespace: place, name }) => `${apiVersion} ${kind} ${place ?? ""}/${name}`);
        const made = (await stack.resources()).filter(
            ({ type, custom, inputs }) =>
                custom && type.startsWith("kubernetes:") && !/helm\.sh|Patch$/.test(type) && inputs !== undefined,
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
                await lab.output(["pulumi", "config", "set", "--stack", second, key, value]);
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
        const lost = ["helm.sh/v3:Release::istio-base", "Deployment::details-v1", "ClusterRole::kiali"].map((end) =>
            urns.find((urn) => urn.endsWith(end))!,
        );
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
