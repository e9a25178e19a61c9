import { describe, expect, it } from "vitest";
import { kubeconfigText, type Replies, type Reply, serveApi, writeKubeconfig } from "@istio-on-pulumi/kube/testing";
import { checkRequirements, type ClusterHoldings, type PlannedObject, surveyCluster } from "../../../cluster";

const ISTIOD: PlannedObject = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    namespace: "istio-system",
    name: "istiod",
    part: "istio",
};
const POD = { name: "pods with a sidecar", namespace: "shop", spec: {}, remedy: "allow them there" };
const PODS = "/api/v1/namespaces/default/pods";
const SERVICES = "/api/v1/namespaces/default/services";
const NODES = "/api/v1/nodes";
const REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

const ready = { conditions: [{ type: "Ready", status: "True" }] };
const node = (name: string, spec = {}, status: object = ready) => ({ metadata: { name }, spec, status });

type Needs = Parameters<typeof checkRequirements>[2];

/** What is missing, a line each; nothing where the cluster will do. */
async function missing(replies: Replies = {}, needs: Partial<Needs> = {}, held: string[] = []): Promise<string[]> {
    const api = await serveApi({ [NODES]: { items: [node("a")] }, ...replies });
    const survey = await surveyCluster({ kubeconfig: writeKubeconfig(kubeconfigText({ prod: api.url })) });
    const holdings: ClusterHoldings = {
        managedCrds: [],
        usedNamespaces: [],
        gatewayApiCrds: [],
        holds: (kind, name) => held.includes(`${kind} ${name}`),
    };
    const all = { istioVersion: "1.25.1", planned: [ISTIOD], pods: [POD], fixedPorts: [], isPreview: false, ...needs };
    const error = await checkRequirements(survey, holdings, all).catch((failure: unknown) => failure as Error);
    return error === undefined ? [] : error.message.split("\n  ").slice(1);
}

const status = (message: string): Reply => ({ status: 403, message });

describe("checkRequirements", () => {
    it("finds nothing missing in a cluster that will do", async () => {
        expect(await missing()).toEqual([]);
    });

    it("tells everything that is missing at once", async () => {
        const found = await missing({
            "/version": { body: { gitVersion: "v1.28.4+k3s1" } },
            [NODES]: { items: [node("a", { unschedulable: true })] },
        });
        expect(found).toEqual([
            "Kubernetes is v1.28.4+k3s1, and Istio 1.25.1 needs 1.29 or newer; upgrade the cluster first",
            "no node takes a pod: a (cordoned); make one schedulable first (kubectl uncordon, kubectl taint)",
        ]);
    });

    it("asks of a stack whose workloads are there neither for nodes nor for pods", async () => {
        const replies = { [NODES]: { items: [] }, [PODS]: status("exceeded quota") };
        expect(await missing(replies, {}, ["Deployment istiod"])).toEqual([]);
    });
});

describe("nodes", () => {
    it("tells why each takes no pod", async () => {
        const taint = { taints: [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }] };
        const items = [
            node("a", taint),
            node("b", {}, {}),
            node("c", { taints: [{ key: "x", value: "y", effect: "NoExecute" }] }),
        ];
        expect(await missing({ [NODES]: { items } })).toEqual([
            "no node takes a pod: a (taint node-role.kubernetes.io/control-plane:NoSchedule), b (not ready), " +
                "c (taint x=y:NoExecute); make one schedulable first (kubectl uncordon, kubectl taint)",
        ]);
    });

    it.each([
        ["one of them does", { items: [node("a", { unschedulable: true }), node("b")] }],
        ["a taint only prefers others", { items: [node("a", { taints: [{ key: "x", effect: "PreferNoSchedule" }] })] }],
        ["this user may not see them", { status: 403 }],
    ])("are enough where %s", async (_, reply) => {
        expect(await missing({ [NODES]: reply })).toEqual([]);
    });

    it("are missing", async () => {
        expect(await missing({ [NODES]: { items: [] } })).toEqual([
            "it has no node, so no pod would ever start; add one first",
        ]);
    });
});

describe("pods", () => {
    it("that the API server refuses are told with its sentence", async () => {
        const reply = status('pods "admission-x" is forbidden: violates PodSecurity "baseline:latest": NET_ADMIN');
        expect(await missing({ [PODS]: reply })).toEqual([
            'the API server refuses pods with a sidecar in namespace shop: violates PodSecurity "baseline:latest": ' +
                "NET_ADMIN; allow them there",
        ]);
    });

    it.each([
        ["what concerns the namespace default alone", status("exceeded quota: x, requested: pods=1")],
        ["a webhook that knows no dry run", status("admission webhook x does not support dry run")],
        ["the rights of the user", status('User "x" cannot create resource "pods" in API group ""')],
        ["an account that is not there yet", status("error looking up service account default/default: not found")],
    ])("are not refused for %s", async (_, reply) => {
        expect(await missing({ [PODS]: reply })).toEqual([]);
    });

    it("are not refused for the level of the namespace default, if its own labels set it", async () => {
        const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
        const replies = {
            [PODS]: status('pods "x" is forbidden: violates PodSecurity "restricted:latest"'),
            "/api/v1/namespaces/default": { body: { metadata: { labels } } },
        };
        expect(await missing(replies)).toEqual([]);
    });

    it("are asked for in their own namespace where that is there, and all of it counts", async () => {
        const replies = { "/api/v1/namespaces/shop/pods": status("exceeded quota: pods") };
        expect(await missing(replies, {}, ["Namespace shop"])).toHaveLength(1);
    });
});

describe("rights", () => {
    it("that are missing are told by kind, with their verbs", async () => {
        const asked = (body: unknown) => {
            const { verb } = (body as { spec: { resourceAttributes: { verb: string } } }).spec.resourceAttributes;
            return { body: { status: { allowed: verb === "get" } } };
        };
        expect(await missing({ [REVIEWS]: asked })).toEqual([
            "this user may not: create, patch, delete deployments.apps in istio-system; use a kubeconfig whose user may, " +
                "with: pulumi config set --path cluster.kubeconfig <path>, or have these rights given",
        ]);
    });

    /** A user whose rights are on some names alone; all that is asked is kept. */
    const namesOnly = (names: readonly string[], asked: string[] = []) => ({
        [REVIEWS]: (body: unknown) => {
            const { verb, name } = (body as { spec: { resourceAttributes: { verb: string; name?: string } } }).spec
                .resourceAttributes;
            asked.push(verb);
            return { body: { status: { allowed: name !== undefined && names.includes(name) } } };
        },
    });

    it("may be on the names of the planned objects alone", async () => {
        expect(await missing(namesOnly(["istiod"]))).toEqual([]);
        expect(await missing(namesOnly(["other"]))).toHaveLength(1);
    });

    it("to delete are no part of a preview, nor of CRDs, which stay", async () => {
        const asked: string[] = [];
        await missing(namesOnly(["istiod"], asked), { isPreview: true });
        expect(asked).not.toContain("delete");
        const crd = {
            apiVersion: "apiextensions.k8s.io/v1",
            kind: "CustomResourceDefinition",
            name: "a.b",
            part: "istio",
        };
        await missing(namesOnly(["a.b"], asked), { planned: [crd as PlannedObject] });
        expect(asked).not.toContain("delete");
        await missing(namesOnly(["istiod"], asked));
        expect(asked).toContain("delete");
    });
});

describe("the cluster's domain", () => {
    const corefile = (zones: string) => ({
        "/api/v1/namespaces/kube-system/configmaps/coredns": {
            body: {
                data: { Corefile: `.:53 {\n    errors\n    kubernetes ${zones} {\n      pods insecure\n    }\n}\n` },
            },
        },
    });
    it("must be cluster.local, among others", async () => {
        expect(await missing(corefile("cluster.local in-addr.arpa ip6.arpa"))).toEqual([]);
        expect(await missing(corefile("corp.example cluster.local."))).toEqual([]);
        expect(await missing(corefile("corp.example in-addr.arpa"))).toEqual([
            "its DNS serves the domain corp.example, and Istio's demo profile and its addons need cluster.local; " +
                "let CoreDNS serve that too",
        ]);
    });
});

describe("a fixed node port", () => {
    const fixed = { setting: "gateway.nodePort", port: 30080, service: "gateway", namespace: "shop" };
    const way =
        "choose another with: pulumi config set --path gateway.nodePort <port>, or let Kubernetes choose with: " +
        "pulumi config rm --path gateway.nodePort";
    const taken = status(
        'Service "node-port-x" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated',
    );

    it("that is taken is told with the API server's reason", async () => {
        expect(await missing({ [SERVICES]: taken }, { fixedPorts: [fixed] })).toEqual([
            `node port 30080 cannot be had: provided port is already allocated; ${way}`,
        ]);
    });

    it("that the Service has already is its own", async () => {
        const held = { body: { metadata: {}, spec: { ports: [{ nodePort: 30080 }] } } };
        const replies = { [SERVICES]: taken, "/api/v1/namespaces/shop/services/gateway": held };
        expect(await missing(replies, { fixedPorts: [fixed] })).toEqual([]);
    });

    const low = [{ ...fixed, port: 8080 }];
    const pods = (range: string) => ({
        "/api/v1/namespaces/kube-system/pods": {
            items: [{ spec: { containers: [{ command: ["kube-apiserver", `--service-node-port-range=${range}`] }] } }],
        },
    });
    it("must be in the range, as far as that can be known", async () => {
        const refusal = /^node port 8080 cannot be had: the range of node ports is 30000-32767, /;
        expect((await missing({ "/api/v1/services": { items: [] } }, { fixedPorts: low }))[0]).toMatch(refusal);
        expect((await missing(pods("9000-9999"), { fixedPorts: low }))[0]).toMatch(refusal);
        expect(await missing(pods("8000-9999"), { fixedPorts: low })).toEqual([]);
        const services = { items: [{ metadata: {}, spec: { ports: [{ nodePort: 9090 }] } }] };
        expect(await missing({ "/api/v1/services": services }, { fixedPorts: low })).toEqual([]);
    });
});

describe("a load balancer", () => {
    const needs = { loadBalancer: { service: "gateway", namespace: "shop" } };
    const LIST = "/api/v1/services";
    const service = (ingress: object[]) => ({
        metadata: { namespace: "web", name: "front" },
        spec: {},
        status: { loadBalancer: { ingress } },
    });

    it("is missing where nothing gives addresses", async () => {
        expect(await missing({ [LIST]: { items: [] } }, needs)).toEqual([
            "nothing seems to give addresses to Services of type LoadBalancer: there is no Service that got one, and no " +
                "pool of MetalLB, Cilium, kube-vip, PureLB, OpenELB; install what does, or expose the gateway otherwise " +
                "with: pulumi config set --path gateway.serviceType NodePort",
        ]);
    });

    it("is missing where Services wait for one", async () => {
        expect((await missing({ [LIST]: { items: [service([])] } }, needs))[0]).toContain(
            "its Services of type LoadBalancer wait for an address (web/front)",
        );
    });

    it.each<[string, Replies]>([
        ["a Service has an address", { [LIST]: { items: [service([{ ip: "192.0.2.9" }])] } }],
        ["MetalLB has a pool", { [LIST]: { items: [] }, "/apis/metallb.io/v1beta1/ipaddresspools": { items: [{}] } }],
        ["k3s brings one", { [LIST]: { items: [] }, "/version": { body: { gitVersion: "v1.33.1+k3s1" } } }],
        [
            "a cloud has them",
            { [LIST]: { items: [] }, [NODES]: { items: [node("a", { providerID: "aws:///a/i-1" })] } },
        ],
    ])("is there where %s", async (_, replies) => {
        expect(await missing(replies, needs)).toEqual([]);
    });

    it("is missing where MetalLB has no pool", async () => {
        const replies = { [LIST]: { items: [] }, "/apis/metallb.io/v1beta1/ipaddresspools": { items: [] } };
        expect(await missing(replies, needs)).toHaveLength(1);
    });
});
