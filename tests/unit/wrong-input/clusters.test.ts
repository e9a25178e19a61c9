import { describe, it } from "vitest";
import { UserError } from "@istio-on-pulumi/kube";
import {
    NODES,
    type Replies,
    type Reply,
    STORAGE_CLASSES,
    storageClasses,
    VERSION,
} from "@istio-on-pulumi/kube/testing";
import { expectRefused } from "../../support/sentence";

/* What docs/clusters.md says is checked before a change, a case at least for each row of its tables. */

type Case = readonly [what: string, settings: Record<string, unknown>, replies: Replies, ...says: (string | RegExp)[]];

const refusedWith = (message: string, status = 403): Reply => ({ status, message });
const metadata = (name: string, more: object = {}): Reply => ({ body: { metadata: { name, uid: name, ...more } } });
const claim = (size: string, storageClassName?: string): Reply => ({
    body: { spec: { storageClassName, volumeName: "v", resources: { requests: { storage: size } } } },
});
const SYSTEM = "/api/v1/namespaces/istio-system";
const SAMPLE = "/api/v1/namespaces/istio-sample";
const LOKI = `${SYSTEM}/persistentvolumeclaims/storage-loki-0`;
const corefile = (domain: string): Replies => ({
    "/api/v1/namespaces/kube-system/configmaps/coredns": {
        body: { data: { Corefile: `.:53 {\n    kubernetes ${domain} in-addr.arpa {\n    }\n}\n` } },
    },
});
const node = (spec: object, ready = "True"): Reply => ({
    items: [{ metadata: { name: "a" }, spec, status: { conditions: [{ type: "Ready", status: ready }] } }],
});
const held = (path: string, name: string, more: object): Replies => ({
    [SYSTEM]: metadata("istio-system", { labels: { "istio-on-pulumi/stack": "another" } }),
    [path]: { items: [{ metadata: { name, uid: name, ...more } }] },
});
const ROLES = "/apis/rbac.authorization.k8s.io/v1/clusterroles";
const UID = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";

const CASES: Readonly<Record<string, readonly Case[]>> = {
    "which cluster it is": [
        [
            "a context that is none",
            { "cluster.context": "gone" },
            {},
            /^The kubeconfig .* has no context "gone"; allowed: prod\. Choose one with: pulumi config set --path cluster\.context <name>$/,
        ],
        [
            "a user who is refused",
            {},
            { [VERSION]: { status: 401 } },
            /refuses this user \(HTTP 401 to GET \/version: .*\); use a kubeconfig whose user may administer the cluster/,
        ],
        [
            "a server that fails",
            {},
            { [VERSION]: { status: 500 } },
            /fails \(HTTP 500 to GET \/version: .*\); try again/,
        ],
        [
            "another cluster than the one that is named",
            { "cluster.uid": UID },
            {},
            "is not the one that this stack belongs to",
            UID,
            "nothing was changed. Name the right one with: ",
        ],
    ],
    "whose the objects are": [
        [
            "helm's",
            {},
            held(ROLES, "istiod-clusterrole-istio-system", {
                annotations: {
                    "meta.helm.sh/release-name": "istiod",
                    "meta.helm.sh/release-namespace": "istio-system",
                },
                labels: { "app.kubernetes.io/managed-by": "Helm" },
            }),
            /istiod-clusterrole-istio-system/,
            /[Hh]elm/,
        ],
        [
            "Argo CD's",
            {},
            held(ROLES, "istiod-clusterrole-istio-system", { annotations: { "argocd.argoproj.io/tracking-id": "x" } }),
            "istiod-clusterrole-istio-system",
            "Argo CD",
        ],
        [
            "another stack's",
            {},
            held(ROLES, "istiod-clusterrole-istio-system", { labels: { "istio-on-pulumi/stack": "another" } }),
            "istiod-clusterrole-istio-system",
            /another stack/,
        ],
        [
            "nobody's that is known",
            {},
            held(ROLES, "istiod-clusterrole-istio-system", {}),
            "istiod-clusterrole-istio-system",
        ],
        [
            "being deleted",
            { "namespaces.existing": ["istio-system"] },
            { [SYSTEM]: metadata("istio-system", { deletionTimestamp: "2026-01-01T00:00:00Z" }) },
            "istio-system",
            "is still deleting Namespace istio-system; try again when that is done",
        ],
        [
            "a namespace that is not there",
            { "namespaces.existing": ["istio-sample"] },
            {},
            "has no namespace istio-sample, which namespaces.existing names; make it first with: kubectl create namespace istio-sample",
        ],
        [
            "CRDs of nobody",
            { "gatewayApi.install": "never" },
            {},
            /^The Gateway API CRDs are never to be installed, and the cluster does not serve .* at version v1; install them there/,
        ],
    ],
    "what an update needs": [
        [
            "Kubernetes is too old",
            {},
            { [VERSION]: { body: { major: "1", minor: "20", gitVersion: "v1.20.1+k3s1" } } },
            "Kubernetes is v1.20.1+k3s1, and Istio 1.25.1 needs 1.29 or newer; upgrade the cluster first",
        ],
        [
            "a node port that is taken",
            { "gateway.nodePort": 30555 },
            {
                "/api/v1/namespaces/default/services": refusedWith(
                    'Service "x" is invalid: spec.ports[0].nodePort: Invalid value: 30555: provided port is already allocated',
                    422,
                ),
            },
            "node port 30555 cannot be had: provided port is already allocated; choose another with: pulumi " +
                "config set --path gateway.nodePort <port>",
        ],
        [
            "a node port out of the range",
            { "addons.kiali.nodePort": 8080 },
            {},
            "node port 8080 cannot be had: the range of node ports is 30000-32767",
            "pulumi config set --path addons.kiali.nodePort <port>",
        ],
        [
            "nothing gives addresses",
            { "gateway.serviceType": "LoadBalancer" },
            { "/api/v1/services": { items: [] } },
            "nothing seems to give addresses to Services of type LoadBalancer",
            "install what does, or expose the gateway otherwise with: ",
        ],
        ["no node", {}, { [NODES]: { items: [] } }, "it has no node, so no pod would ever start; add one first"],
        [
            "a node that is cordoned",
            {},
            { [NODES]: node({ unschedulable: true }) },
            "no node takes a pod: a (cordoned); make one schedulable first",
        ],
        [
            "a node that is tainted",
            {},
            { [NODES]: node({ taints: [{ key: "x", effect: "NoSchedule" }] }) },
            "a (taint x:NoSchedule)",
        ],
        ["a node that is not ready", {}, { [NODES]: node({}, "False") }, "a (not ready)"],
        [
            "no node that can be seen",
            {},
            { [NODES]: { status: 403 } },
            "shows this user no ready node with an address",
            /name a host with: pulumi config set --path cluster\.nodeHost <host>$/,
        ],
        [
            "another domain",
            {},
            corefile("corp.example"),
            "its DNS serves the domain corp.example",
            "let CoreDNS serve that too",
        ],
        [
            "Pod Security",
            {},
            {
                "/api/v1/namespaces/default/pods": refusedWith(
                    'pods "x" is forbidden: violates PodSecurity "baseline:latest": NET_ADMIN',
                ),
            },
            'refuses pods with a sidecar in namespace istio-sample: violates PodSecurity "baseline:latest": NET_ADMIN; allow them there',
        ],
        [
            "a quota",
            { "namespaces.existing": ["istio-sample"] },
            {
                [SAMPLE]: metadata("istio-sample"),
                [`${SAMPLE}/pods`]: refusedWith(
                    'pods "x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=5, limited: pods=5',
                ),
            },
            "in namespace istio-sample: exceeded quota: q",
        ],
        [
            "a policy's own words",
            {},
            {
                "/api/v1/namespaces/default/pods": refusedWith(
                    "pods \"x\" is forbidden: ValidatingAdmissionPolicy 'p' denied request: not for you",
                ),
            },
            "denied request: not for you; allow them there",
        ],
        [
            "a webhook that is down",
            {},
            {
                "/api/v1/namespaces/default/pods": refusedWith(
                    'Internal error occurred: failed calling webhook "v.example.com": no endpoints available',
                    500,
                ),
            },
            'failed calling webhook "v.example.com"',
        ],
        [
            "no StorageClass",
            {},
            { [STORAGE_CLASSES]: storageClasses({}) },
            "has no default StorageClass for the volume that Loki needs (it has none at all); choose one with: ",
        ],
        [
            "none of a name",
            { "addons.loki.storageClass": "fast" },
            {},
            'has no StorageClass "fast" for the volume that Loki needs (allowed: standard); choose one with: ',
        ],
        [
            "none of a name for Prometheus",
            { "addons.prometheus.storageSize": "1Gi", "addons.prometheus.storageClass": "fast" },
            {},
            'has no StorageClass "fast" for the volume that Prometheus needs',
        ],
        [
            "a volume that would shrink",
            { "addons.loki.storageSize": "5Gi" },
            { [LOKI]: claim("10Gi", "standard") },
            "which cannot shrink to 5Gi; keep it with: pulumi config set --path addons.loki.storageSize 10Gi",
        ],
        [
            "a volume that cannot grow",
            { "addons.loki.storageSize": "50Gi" },
            { [LOKI]: claim("10Gi", "standard") },
            "which does not allow it to grow to 50Gi (allowVolumeExpansion); keep it with: ",
        ],
        [
            "a volume of another class",
            { "addons.loki.storageClass": "fast" },
            { [LOKI]: claim("10Gi", "standard") },
            'whose class cannot be changed to "fast"; keep it with: ',
        ],
    ],
};

describe.each(Object.entries(CASES))("%s", (_, cases) => {
    it.each(cases.map((each) => [each[0], each] as const))("%s", async (_, [, settings, replies, ...says]) => {
        await expectRefused(settings, { replies }, says);
    });
});

describe("several things at once are told in one list, a line each", () => {
    it("and all of them have a remedy", async () => {
        const replies = { [NODES]: node({ unschedulable: true }), ...corefile("corp.example") };
        await expectRefused({ "addons.kiali.nodePort": 8080 }, { replies }, [
            /node port 8080/,
            /\n {2}no node takes a pod/,
            /\n {2}its DNS/,
        ]);
    });
});

describe("upstream's files", () => {
    const lost = new UserError("the bundle lacks a file: write it there");
    it.each(["istiod", "base", "istio-1.25.1/samples/addons/kiali.yaml", "istio-1.25.1/samples/addons/loki.yaml"])(
        "without %s nothing begins",
        async (missing) => expectRefused({}, { missing: { [missing]: lost } }, [/^the bundle lacks a file/]),
    );
});
