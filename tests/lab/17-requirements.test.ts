import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { Lab, TEST_LAB } from "../support/lab";
import { eventually, getAll, type KubeObject } from "../support/lab-objects";
import { applyObject, clusterRole, namespace, printed, refusedPreview } from "../support/lab-refused";
import { Stack } from "../support/lab-stack";
import { BOOKINFO_NAMESPACE } from "../support/lab-walkthrough";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);
const kubectl = (...args: string[]) => lab.output(["kubectl", ...args]);
const apply = (object: object) => applyObject(lab, object);
const refused = (settings?: Record<string, string>) => refusedPreview(stack, settings);

beforeAll(() => stack.destroy());

describe("what can be known before", () => {
    const existing = { "namespaces.existing": JSON.stringify([BOOKINFO_NAMESPACE]) };
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
        expect(await refused({ "gateway.nodePort": "30555" })).toMatch(
            /node port 30555 cannot be had: provided port is already allocated; .*pulumi config set --path gateway.nodePort/,
        );
        expect(await refused({ "addons.kiali.nodePort": "8080" })).toMatch(
            /node port 8080 cannot be had: the range of node ports is 30000-32767/,
        );
    });

    test("a load balancer where nothing gives addresses", async () => {
        expect(await refused({ "gateway.serviceType": "LoadBalancer" })).toMatch(
            /nothing seems to give addresses to Services of type LoadBalancer: .*pulumi config set --path gateway.serviceType NodePort/,
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
        const text = await refused({ "cluster.kubeconfig": file });
        // A preview deletes nothing.
        expect(text).toMatch(/this user may not: .*create, patch deployments\.apps in istio-system/);
        expect(text).not.toMatch(/get, create/);
    });
});
