import { describe, expect, it } from "vitest";
import { ADDONS, UserError } from "@istio-on-pulumi/kube";
import { loadSettings } from "../../../config";
import { LEAVES } from "../../../config/tree";
import { configurationOf } from "../../support/settings";

const PROJECT = "istio-on-pulumi";
const PATHS = LEAVES.map(({ path }) => path);

/** The settings with these values given, all by their paths. */
function load(values: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    const loaded = loadSettings(configurationOf(values), PROJECT);
    const at = (path: string) =>
        path.split(".").reduce<unknown>((group, key) => (group as Record<string, unknown>)[key], loaded);
    return Object.fromEntries(PATHS.map((path) => [path, at(path)]));
}

const DEFAULTS = {
    "cluster.kubeconfig": undefined,
    "cluster.context": undefined,
    "cluster.uid": undefined,
    "cluster.stackIdentity": undefined,
    "cluster.nodeHost": undefined,
    bundle: undefined,
    "registry.mirrors": {},
    "registry.pullSecrets": [],
    "namespaces.existing": [],
    "namespaces.podSecurity": false,
    "namespaces.labels": {},
    "namespaces.annotations": {},
    "gatewayApi.install": "auto",
    "gatewayApi.version": "v1.2.1",
    "istio.version": "1.25.1",
    "istio.hub": "docker.io/istio",
    "istio.tag": "1.25.1",
    "istio.revisions": {},
    "istio.defaultRevision": undefined,
    "istio.onlyRevisions": false,
    "istio.values": {},
    "mtls.mode": "PERMISSIVE",
    "bookinfo.enabled": true,
    "bookinfo.namespace": "istio-sample",
    "bookinfo.images": "docker.io/istio/examples-bookinfo",
    "bookinfo.tag": "1.20.2",
    "bookinfo.revision": undefined,
    "bookinfo.networkPolicies": false,
    "gateway.namespace": undefined,
    "gateway.serviceType": "NodePort",
    "gateway.nodePort": 0,
    "gateway.hostnames": [],
    "gateway.tlsSecret": undefined,
    "addons.kiali.enabled": true,
    "addons.kiali.serviceType": "NodePort",
    "addons.kiali.nodePort": 0,
    "addons.kiali.access": "anonymous",
    "addons.jaeger.enabled": true,
    "addons.jaeger.serviceType": "ClusterIP",
    "addons.jaeger.sampling": undefined,
    "addons.prometheus.enabled": true,
    "addons.prometheus.serviceType": "ClusterIP",
    "addons.prometheus.storageSize": undefined,
    "addons.prometheus.storageClass": undefined,
    "addons.prometheus.retention": "15d",
    "addons.grafana.enabled": true,
    "addons.grafana.serviceType": "ClusterIP",
    "addons.loki.enabled": true,
    "addons.loki.serviceType": "ClusterIP",
    "addons.loki.storageSize": "10Gi",
    "addons.loki.storageClass": undefined,
    "addons.loki.retention": undefined,
    "inspection.mode": "off",
    "inspection.fails": false,
    "inspection.host": undefined,
    "inspection.port": 22,
    "inspection.user": "root",
    "inspection.hostKey": undefined,
    "inspection.privateKey": undefined,
};

describe("loadSettings without a value", () => {
    it("has the walkthrough's defaults", () => {
        expect(load()).toEqual(DEFAULTS);
    });

    it("takes an empty text for an unset optional setting", () => {
        const empty = { "cluster.kubeconfig": "", "cluster.context": "", "cluster.nodeHost": "", bundle: "" };
        expect(load({ ...empty, "addons.loki.storageClass": "" })).toEqual(DEFAULTS);
    });

    it("takes a group without anything in it for one that is not there", () => {
        expect(load({ gateway: "", istio: "null", addons: '{"kiali":null}', "cluster.uid": null })).toEqual(DEFAULTS);
    });

    it("passes over the settings of others", () => {
        const others = { "pulumi:disable-default-providers": '["kubernetes"]', "other:loki": "nonsense" };
        expect(loadSettings({ ...others, "istio-on-pulumi-2:x": "y" }, PROJECT)).toEqual(loadSettings({}, PROJECT));
    });
});

const PORTS: [string, number][] = [
    ["0", 0],
    ["1", 1],
    ["30080", 30080],
    ["65535", 65535],
];
const REPOSITORIES = ["docker.io/istio", "registry.local:5000/mirror/istio", "ghcr.io/a/b_c/d-e.f"];
const TAGS = ["1.25.1", "latest", "v1_a-B.2", "_x", "a".repeat(128)];
/** A private key as tools write one, but for what is in it. */
const pem = (kind: string) => `-----BEGIN ${kind}PRIVATE KEY-----\nAAAA\nBB==\n-----END ${kind}PRIVATE KEY-----\n`;
const each = <T>(key: string, values: readonly T[]) => values.map((value) => [key, String(value), value] as const);

describe("loadSettings with a value", () => {
    it.each([
        ...each("cluster.kubeconfig", ["/etc/kubeconfig", "~/.kube/other", "relative/path with space"]),
        ...each("cluster.context", ["prod", "arn:aws:eks:eu-central-1:1:cluster/x", "admin@prod"]),
        ...each("cluster.uid", ["6ba7b810-9dad-41d1-80b4-00c04fd430c8"]),
        ...each("cluster.stackIdentity", ["stack0a1b2c3d"]),
        ...each("cluster.nodeHost", ["192.0.2.1", "node.example.com", "localhost", "2001:db8::1", "::1"]),
        ...each("bundle", ["/srv/bundle", "./bundle"]),
        ...each("gatewayApi.install", ["auto", "always", "never"]),
        ...each("istio.hub", REPOSITORIES),
        ...each("istio.tag", TAGS),
        ...each("bookinfo.namespace", ["a", "bookinfo", "a-b-9", "9", "a".repeat(63)]),
        ...each("bookinfo.images", REPOSITORIES),
        ...each("bookinfo.tag", TAGS),
        ...each("gateway.serviceType", ["NodePort", "ClusterIP", "LoadBalancer"]),
        ...ADDONS.flatMap((addon) => each(`addons.${addon}.enabled`, [true, false])),
        ...each("addons.kiali.serviceType", ["NodePort", "ClusterIP"]),
        ...each("addons.kiali.access", ["anonymous", "view-only", "token"]),
        ...each("inspection.user", [
            "root",
            "first.last",
            "CORP\\first.last",
            "first.last@corp.example",
            "Admin1",
            "host$",
        ]),
        ...each("inspection.privateKey", [pem("OPENSSH "), pem("RSA "), pem(""), pem("ENCRYPTED ").trim()]),
        ...each("addons.loki.storageClass", ["fast", "a.b-c", "x9"]),
        ...each("addons.loki.storageSize", ["1", "10Gi", "512Mi", "1.5Ti", "100G", "2000k"]),
    ])("accepts %s = %j", (key, text, value) => {
        expect(load({ [key]: text })).toEqual({ ...DEFAULTS, [key]: value });
    });

    it.each(
        ["gateway.nodePort", "addons.kiali.nodePort"].flatMap((key) =>
            PORTS.map(([text, value]) => [key, text, value] as const),
        ),
    )("reads %s = %j as a number", (key, text, value) => {
        expect(load({ [key]: text })).toEqual({ ...DEFAULTS, [key]: value });
    });

    it.each([
        ["namespaces.existing", ["istio-system", "istio-sample"]],
        ["namespaces.labels", { team: "platform", "example.com/tier": "" }],
        ["namespaces.annotations", { "example.com/contact": "a@b, or c" }],
        ["registry.mirrors", { "docker.io": "registry.local:5000/docker", "docker.io/istio": "other.local/istio" }],
        ["registry.pullSecrets", ["a", "b.c"]],
        ["istio.values", { replicaCount: 2, pilot: { resources: { limits: { cpu: "1" } } }, meshConfig: { a: [1] } }],
        ["gateway.hostnames", ["shop.example.com", "*.example.org"]],
    ])("reads %s as an object or a list, as YAML or as JSON in a text", (path, value) => {
        const expected = { ...DEFAULTS, [path]: value };
        expect(load({ [path]: value })).toEqual(expected);
        expect(load({ [path]: JSON.stringify(value) })).toEqual(expected);
    });

    it.each([
        ["gateway.nodePort", 30080, "30080"],
        ["addons.loki.enabled", false, "false"],
        ["addons.jaeger.sampling", 0.5, "0.5"],
    ])("reads %s as a value of YAML and as a text alike", (path, value, text) => {
        expect(load({ [path]: value })).toEqual({ ...DEFAULTS, [path]: value });
        expect(load({ [path]: text })).toEqual({ ...DEFAULTS, [path]: value });
    });

    it("takes what pulumi config set --path makes a number or a boolean of for the text that it was", () => {
        expect(load({ "istio.tag": 2, "cluster.context": true })).toEqual({
            ...DEFAULTS,
            "istio.tag": "2",
            "cluster.context": "true",
        });
    });

    it("reads a group that is set as a JSON text", () => {
        expect(load({ gateway: '{"serviceType":"LoadBalancer"}' })).toEqual({
            ...DEFAULTS,
            "gateway.serviceType": "LoadBalancer",
        });
    });
});

const LONG = "a".repeat(64);
const NO_REPOSITORY = [
    "registry.local:5000",
    "istio:1",
    "",
    "docker.io/istio:1.25.1",
    "istio:latest",
    "docker.io:https/istio",
    "Docker.io/istio",
    "docker.io/istio/",
    "https://docker.io/istio",
    "docker.io/a b",
];
const NO_TAG = [":1", "-1", ".1", "a/b", "a b", "sha256:00", "a".repeat(129)];
const NO_PORT = ["", "-1", "65536", "http", "30080.5", "0x50", "1e4", " 80", "30080,30081"];
const NO_FLAG = ["", "yes", "True", "1", "on"];

const NO_MAP = ["", "a", "[]", '["a"]', '"a"', "{", '{"a":{"b":"c"}}', '{"":"a"}'];
const NO_NAME = ["Fast", "-a", "a-", "a b", "a/b"];
const NO_SIZE = ["0", "0Gi", "-1Gi", "10 Gi", "10gi", "10GB", "10Gib", "Gi", "much"];
const NO_TIME = ["0d", "15", "15m", "1y", "d", "1.5d", "1d12h", "long"];

/** Values that each setting refuses. */
const REFUSED: Readonly<Record<string, readonly unknown[]>> = {
    "cluster.kubeconfig": [],
    "cluster.context": [{ a: "b" }],
    "cluster.uid": ["prod", "6ba7b810"],
    "cluster.stackIdentity": ["prod", "stack", "stack0a1b2c3d!", "0a1b2c3d"],
    "cluster.nodeHost": ["http://node", "node:30080", "[::1]", "a b", "-node", "192.0.2.1/24", "node/path"],
    bundle: [],
    "registry.mirrors": [
        ...NO_MAP,
        "docker.io",
        '{"docker.io":5}',
        '{"docker.io":""}',
        '{"":"a"}',
        '{"docker.io":"http://a"}',
    ],
    "registry.pullSecrets": ["", "login", "{}", "[1]", '["A"]', '["a"', ["a", "b c"]],
    "namespaces.existing": ["", "istio-system", "{}", "[1]", '["Istio"]', '["istio-system"'],
    "namespaces.podSecurity": NO_FLAG,
    "namespaces.labels": [...NO_MAP, { a: "not a label value" }, { a: 1 }, { "a b": "c" }, { "-a": "c" }],
    "namespaces.annotations": [...NO_MAP, { a: 1 }, { "a b": "c" }],
    "gatewayApi.install": ["", "Auto", "true", "sometimes"],
    "gatewayApi.version": ["1.2.1", "v1.2", "v0.8.0", "latest"],
    "istio.version": ["", "1.25", 1.25, "1.24.0", "latest"],
    "istio.hub": NO_REPOSITORY,
    "istio.tag": [...NO_TAG, 1.25],
    "istio.revisions": [["1-26-0"], { "1.26.0": "1.26.0" }, { "1-26-0": "1.24.9" }],
    "istio.defaultRevision": ["1.26.0"],
    "istio.onlyRevisions": ["yes"],
    "istio.values": ["", "replicaCount: 2", "[]", [1], 5],
    "mtls.mode": ["", "strict", "true", "DISABLE"],
    "bookinfo.enabled": NO_FLAG,
    "bookinfo.namespace": ["", "Bookinfo", "-a", "a-", "a.b", "a_b", LONG],
    "bookinfo.images": NO_REPOSITORY,
    "bookinfo.tag": NO_TAG,
    "bookinfo.revision": ["1.26.0", "Canary"],
    "bookinfo.networkPolicies": NO_FLAG,
    "gateway.namespace": ["Ingress", "-a", "a.b", LONG],
    "gateway.serviceType": ["", "nodeport", "ExternalName"],
    "gateway.nodePort": NO_PORT,
    "gateway.hostnames": ["", "shop.example.com", ["Shop.example.com"], ["*"], ["a.*.b"], ["192.0.2.1:80"], [""]],
    "gateway.tlsSecret": NO_NAME,
    "addons.kiali.enabled": NO_FLAG,
    "addons.kiali.serviceType": ["", "LoadBalancer", "clusterip"],
    "addons.kiali.nodePort": NO_PORT,
    "addons.kiali.access": ["", "Anonymous", "login", "view_only"],
    "addons.jaeger.enabled": NO_FLAG,
    "addons.jaeger.serviceType": ["", "LoadBalancer"],
    "addons.jaeger.sampling": ["-1", "101", "1%", "all", -0.1],
    "addons.prometheus.enabled": NO_FLAG,
    "addons.prometheus.serviceType": ["", "LoadBalancer"],
    "addons.prometheus.storageSize": NO_SIZE,
    "addons.prometheus.storageClass": NO_NAME,
    "addons.prometheus.retention": ["", ...NO_TIME],
    "addons.grafana.enabled": NO_FLAG,
    "addons.grafana.serviceType": ["", "LoadBalancer"],
    "addons.loki.enabled": NO_FLAG,
    "addons.loki.serviceType": ["", "LoadBalancer"],
    "addons.loki.storageSize": ["", ...NO_SIZE],
    "addons.loki.storageClass": NO_NAME,
    "addons.loki.retention": [...NO_TIME, "1h", "23h"],
    "inspection.mode": ["", "on", "true", "SSH"],
    "inspection.fails": NO_FLAG,
    "inspection.host": ["a b", "http://node", "node:22"],
    "inspection.port": ["", "0", "022", "65536", "ssh"],
    "inspection.user": ["", "a b", "-x", "a;b", "$HOME", "a/b"],
    "inspection.hostKey": ["ssh-ed25519", "AAAA", "SHA256:abc def:", "ssh-rsa AAAAB3NzaC1yc2E="],
    "inspection.privateKey": [],
};

describe("loadSettings with a value that is not allowed", () => {
    it("is tried for every setting", () => {
        expect(Object.keys(REFUSED)).toEqual(PATHS);
    });

    it.each(Object.entries(REFUSED).flatMap(([path, values]) => values.map((value) => [path, value] as const)))(
        "refuses %s = %j, with the value, what is allowed and the command",
        (path, value) => {
            const { allowed } = LEAVES.find((leaf) => leaf.path === path)!.facts;
            const message =
                `istio-on-pulumi:${path} is ${JSON.stringify(value)}; allowed: ${allowed}. ` +
                `Change it with: pulumi config set --path ${path} <value>`;
            expect(() => load({ [path]: value })).toThrow(new UserError(message));
        },
    );
});
