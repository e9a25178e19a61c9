import { describe, expect, it } from "vitest";
import { UserError } from "@istio-on-pulumi/kube";
import { loadSettings } from "../../../config";
import { settings } from "../../../config/schema";

const PROJECT = "istio-on-pulumi";

/** The settings with these values given, by their keys without the namespace. */
function load(values: Readonly<Record<string, string>> = {}) {
    return loadSettings(
        Object.fromEntries(Object.entries(values).map(([key, text]) => [`${PROJECT}:${key}`, text])),
        PROJECT,
    );
}

const DEFAULTS = {
    kubeconfig: undefined,
    context: undefined,
    clusterUid: undefined,
    existingNamespaces: [],
    nodeHost: undefined,
    bundle: undefined,
    imageMirrors: {},
    gatewayApiCrds: "auto",
    istioHub: "docker.io/istio",
    istioTag: "1.25.1",
    bookinfoNamespace: "istio-sample",
    bookinfoImages: "docker.io/istio/examples-bookinfo",
    bookinfoTag: "1.20.2",
    gatewayServiceType: "NodePort",
    gatewayNodePort: 0,
    kiali: true,
    kialiNodePort: 0,
    kialiServiceType: "NodePort",
    kialiAccess: "anonymous",
    jaeger: true,
    prometheus: true,
    grafana: true,
    loki: true,
    lokiStorageClass: undefined,
    lokiStorageSize: "10Gi",
    meshInspection: "off",
    inspectionFails: false,
    inspectionHost: undefined,
    inspectionPort: 22,
    inspectionUser: "root",
    inspectionHostKey: undefined,
    inspectionPrivateKey: undefined,
};

describe("loadSettings without a value", () => {
    it("has the walkthrough's defaults", () => {
        expect(load()).toEqual(DEFAULTS);
    });

    it("takes an empty text for an unset optional setting", () => {
        expect(load({ kubeconfig: "", context: "", nodeHost: "", bundle: "", lokiStorageClass: "" })).toEqual(DEFAULTS);
    });

    it("passes over the settings of others", () => {
        expect(
            loadSettings(
                {
                    "pulumi:disable-default-providers": '["kubernetes"]',
                    "other:loki": "nonsense",
                    "istio-on-pulumi-2:x": "y",
                },
                PROJECT,
            ),
        ).toEqual(DEFAULTS);
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
        ...each("kubeconfig", ["/etc/kubeconfig", "~/.kube/other", "relative/path with space"]),
        ...each("context", ["prod", "arn:aws:eks:eu-central-1:1:cluster/x", "admin@prod"]),
        ...each("clusterUid", ["6ba7b810-9dad-41d1-80b4-00c04fd430c8"]),
        ...each("nodeHost", ["192.0.2.1", "node.example.com", "localhost", "2001:db8::1", "::1"]),
        ...each("bundle", ["/srv/bundle", "./bundle"]),
        ...each("gatewayApiCrds", ["auto", "always", "never"]),
        ...each("istioHub", REPOSITORIES),
        ...each("istioTag", TAGS),
        ...each("bookinfoNamespace", ["a", "bookinfo", "a-b-9", "9", "a".repeat(63)]),
        ...each("bookinfoImages", REPOSITORIES),
        ...each("bookinfoTag", TAGS),
        ...each("gatewayServiceType", ["NodePort", "ClusterIP", "LoadBalancer"]),
        ...["kiali", "jaeger", "prometheus", "grafana", "loki"].flatMap((key) => each(key, [true, false])),
        ...each("kialiServiceType", ["NodePort", "ClusterIP"]),
        ...each("kialiAccess", ["anonymous", "view-only", "token"]),
        ...each("inspectionUser", [
            "root",
            "first.last",
            "CORP\\first.last",
            "first.last@corp.example",
            "Admin1",
            "host$",
        ]),
        ...each("inspectionPrivateKey", [pem("OPENSSH "), pem("RSA "), pem(""), pem("ENCRYPTED ").trim()]),
        ...each("lokiStorageClass", ["fast", "a.b-c", "x9"]),
        ...each("lokiStorageSize", ["1", "10Gi", "512Mi", "1.5Ti", "100G", "2000k"]),
    ])("accepts %s = %j", (key, text, value) => {
        expect(load({ [key]: text })).toEqual({ ...DEFAULTS, [key]: value });
    });

    it.each(
        ["gatewayNodePort", "kialiNodePort"].flatMap((key) =>
            PORTS.map(([text, value]) => [key, text, value] as const),
        ),
    )("reads %s = %j as a number", (key, text, value) => {
        expect(load({ [key]: text })).toEqual({ ...DEFAULTS, [key]: value });
    });

    it("reads the namespaces that somebody else made as a list", () => {
        const existingNamespaces = ["istio-system", "istio-sample"];
        expect(load({ existingNamespaces: JSON.stringify(existingNamespaces) })).toEqual({
            ...DEFAULTS,
            existingNamespaces,
        });
    });

    it("reads the image mirrors as an object", () => {
        const mirrors = { "docker.io": "registry.local:5000/docker", "docker.io/istio": "other.local/istio" };
        expect(load({ imageMirrors: JSON.stringify(mirrors) }).imageMirrors).toEqual(mirrors);
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
const NO_TAG = ["", ":1", "-1", ".1", "a/b", "a b", "sha256:00", "a".repeat(129)];
const NO_PORT = ["", "-1", "65536", "http", "30080.5", "0x50", "1e4", " 80", "30080,30081"];
const NO_FLAG = ["", "yes", "True", "1", "on"];

/** Values that each setting refuses. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
    kubeconfig: [],
    context: [],
    clusterUid: ["prod", "6ba7b810"],
    existingNamespaces: ["", "istio-system", "{}", "[1]", '["Istio"]', '["istio-system"'],
    nodeHost: ["http://node", "node:30080", "[::1]", "a b", "-node", "192.0.2.1/24", "node/path"],
    bundle: [],
    imageMirrors: [
        "",
        "docker.io",
        "[]",
        '["docker.io"]',
        "null",
        '"a"',
        '{"docker.io":5}',
        '{"docker.io":""}',
        '{"":"a"}',
        '{"docker.io":"http://a"}',
        '{"docker.io":{"a":"b"}}',
        "{",
    ],
    gatewayApiCrds: ["", "Auto", "true", "sometimes"],
    istioHub: NO_REPOSITORY,
    istioTag: NO_TAG,
    bookinfoNamespace: ["", "Bookinfo", "-a", "a-", "a.b", "a_b", LONG],
    bookinfoImages: NO_REPOSITORY,
    bookinfoTag: NO_TAG,
    gatewayServiceType: ["", "nodeport", "ExternalName"],
    gatewayNodePort: NO_PORT,
    kiali: NO_FLAG,
    kialiNodePort: NO_PORT,
    kialiServiceType: ["", "LoadBalancer", "clusterip"],
    kialiAccess: ["", "Anonymous", "login", "view_only"],
    jaeger: NO_FLAG,
    prometheus: NO_FLAG,
    grafana: NO_FLAG,
    loki: NO_FLAG,
    lokiStorageClass: ["Fast", "-a", "a-", "a b", "a/b"],
    lokiStorageSize: ["", "0", "0Gi", "-1Gi", "10 Gi", "10gi", "10GB", "10Gib", "Gi", "much"],
    meshInspection: ["", "on", "true", "SSH"],
    inspectionFails: NO_FLAG,
    inspectionHost: ["a b", "http://node", "node:22"],
    inspectionPort: ["", "0", "022", "65536", "ssh"],
    inspectionUser: ["", "a b", "-x", "a;b", "$HOME", "a/b"],
    inspectionHostKey: ["ssh-ed25519", "AAAA", "SHA256:abc def:", "ssh-rsa AAAAB3NzaC1yc2E="],
    inspectionPrivateKey: [],
};

const REPOSITORY = "a registry with a path, without a tag";
const PORT =
    "a port from 1 to 65535 inside the cluster's node port range " +
    "(30000-32767 unless the API server says otherwise), or 0 for any";
const FLAG = "true or false";

/** What each setting says is allowed. */
const ALLOWED: Readonly<Record<string, string>> = {
    kubeconfig: "a path or the text of a kubeconfig, or empty",
    context: "a context of the kubeconfig, or empty",
    clusterUid: "a UID, as kubectl get namespace kube-system -o jsonpath={.metadata.uid} prints it, or empty",
    existingNamespaces: 'a list such as ["istio-system"], of istio-system and bookinfoNamespace',
    nodeHost: "a host name or an IP address, or empty",
    bundle: "a path, or empty",
    imageMirrors: 'an object such as {"docker.io": "registry.local:5000/docker"}',
    gatewayApiCrds: "auto, always, never",
    istioHub: REPOSITORY,
    istioTag: "an image tag",
    bookinfoNamespace: "a namespace name (RFC 1123 label)",
    bookinfoImages: REPOSITORY,
    bookinfoTag: "an image tag",
    gatewayServiceType: "NodePort, ClusterIP, LoadBalancer",
    gatewayNodePort: PORT,
    kiali: FLAG,
    kialiNodePort: PORT,
    kialiServiceType: "NodePort, ClusterIP",
    kialiAccess: "anonymous, view-only, token",
    jaeger: FLAG,
    prometheus: FLAG,
    grafana: FLAG,
    loki: FLAG,
    lokiStorageClass: "the name of a StorageClass, or empty",
    lokiStorageSize: "a quantity such as 10Gi",
    meshInspection: "off, local, ssh",
    inspectionFails: FLAG,
    inspectionHost: "a host name or an IP address, or empty",
    inspectionPort: "a port from 1 to 65535",
    inspectionUser: "a user name, such as root, first.last or DOMAIN\\user",
    inspectionHostKey: "a key type other than ssh-rsa and a key, such as ssh-ed25519 AAAA..., or empty",
    inspectionPrivateKey: "a private key in PEM form, or empty",
};

describe("loadSettings with a value that is not allowed", () => {
    it("is tried for every setting", () => {
        expect(Object.keys(REFUSED)).toEqual(Object.keys(settings));
        expect(Object.keys(ALLOWED)).toEqual(Object.keys(settings));
    });

    it.each(Object.entries(REFUSED).flatMap(([key, texts]) => texts.map((text) => [key, text] as const)))(
        "refuses %s = %j, with the value, what is allowed and the command",
        (key, text) => {
            const message =
                `istio-on-pulumi:${key} is ${JSON.stringify(text)}; allowed: ${ALLOWED[key]}. ` +
                `Change it with: pulumi config set ${key} <value>`;
            expect(() => load({ [key]: text })).toThrow(new UserError(message));
        },
    );

    it.each([
        "~/.ssh/id_ed25519",
        "AAAA",
        pem("OPENSSH ").replaceAll("\n", " "),
        pem("OPENSSH ").replaceAll("\n", "\\n"),
        pem("OPENSSH ").slice(0, 40),
        "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n",
        "ssh-ed25519 AAAA me@host",
    ])("refuses %j as a private key, and does not show it", (text) => {
        const message =
            "istio-on-pulumi:inspectionPrivateKey is not what is allowed (it is not shown); " +
            "allowed: a private key in PEM form, or empty. " +
            "Change it with: pulumi config set --secret inspectionPrivateKey <value>";
        expect(() => load({ inspectionPrivateKey: text })).toThrow(new UserError(message));
    });

    it("says what is allowed also where everything but emptiness is", () => {
        expect(Object.entries(settings).map(([key, { allowed }]) => [key, allowed])).toEqual(Object.entries(ALLOWED));
    });
});
