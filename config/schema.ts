import { z } from "zod";
import { BOOKINFO_VERSION, ISTIO_VERSION } from "@istio-on-pulumi/kube";
import { checked, choice, flag, optional, port, secret, type Setting, setting } from "./setting";

/** An RFC 1123 label: the names of namespaces. */
const dnsLabel = z
    .string()
    .max(63)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
/** A host as it stands in a URL: a DNS name, an IPv4 address or an IPv6 address. */
const host = z.union([z.hostname(), z.ipv4(), z.ipv6()]);
/** A registry, with or without a path, such as `docker.io` or `registry.local:5000/mirror`. */
const registry = z.string().regex(/^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)*$/);
/** A registry with a path and no tag, such as `docker.io/istio`. The path is needed: image names are appended to it. */
const repository = z.string().regex(/^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)+$/);
const imageTag = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/);
/** A Kubernetes quantity of bytes. */
const quantity = z.string().regex(/^[1-9]\d*(\.\d+)?(Ki|Mi|Gi|Ti|Pi|k|M|G|T|P)?$/);
/** As ssh-keygen and openssl write one, whole; with its line breaks. */
const privateKey = z
    .string()
    .regex(/^-----BEGIN ([A-Z0-9 ]+ )?PRIVATE KEY-----\r?\n[\s\S]+\n-----END \1PRIVATE KEY-----\s*$/);
const mirrors = z.record(registry, registry);

function parseMirrors(text: string): { value: Record<string, string> } | undefined {
    try {
        return { value: mirrors.parse(JSON.parse(text)) };
    } catch {
        return undefined;
    }
}

function parseNamespaces(text: string): { value: string[] } | undefined {
    try {
        return { value: z.array(dnsLabel).parse(JSON.parse(text)) };
    } catch {
        return undefined;
    }
}

const NOTHING = "nothing in the cluster";
const ISTIO_RESTART =
    "restart of istiod and of the gateway; a sidecar follows when its pod is restarted (kubectl rollout restart)";
const BOOKINFO_RESTART = "restart of Bookinfo's pods";

/**
 * Every setting of the stack, by its key in the project's namespace (`istio-on-pulumi:<key>`).
 *
 * `Pulumi.yaml` and the README's table are written from this by `npm run config:update`; a test holds them together.
 */
export const settings = {
    kubeconfig: optional(
        {
            description:
                "Path of the kubeconfig, or its text, set with --secret; empty means the user's own " +
                "($KUBECONFIG, else ~/.kube/config).",
            cost: NOTHING,
        },
        "a path or the text of a kubeconfig",
        z.string().min(1),
    ),
    context: optional(
        {
            description:
                "Context of the kubeconfig that names the cluster; empty means its current context. " +
                "Set it in every shared stack.",
            cost: "nothing; the context of another cluster is refused",
        },
        "a context of the kubeconfig",
        z.string().min(1),
    ),
    clusterUid: optional(
        {
            description:
                "UID of the cluster's namespace kube-system; empty means the cluster of the stack's first update. " +
                "Another cluster is refused.",
            cost: NOTHING,
        },
        "a UID, as kubectl get namespace kube-system -o jsonpath={.metadata.uid} prints it",
        z.uuid(),
    ),
    existingNamespaces: setting(
        {
            description:
                "Those of the stack's namespaces that somebody else made: they are labelled and used, and stay on destroy.",
            cost: "nothing: a namespace that the stack made stays the stack's, and one that it uses stays its owner's",
        },
        "[]",
        'a list such as ["istio-system"], of istio-system and bookinfoNamespace',
        parseNamespaces,
    ),
    nodeHost: optional(
        {
            description:
                "Host name or IP address at which users reach the node ports; empty means the address of a ready node.",
            cost: "outputs only",
        },
        "a host name or an IP address",
        host,
    ),
    bundle: optional(
        {
            description:
                "Directory of upstream files written by `npm run bundle`, for clusters without internet; " +
                "empty means fetch and cache them.",
            cost: NOTHING,
        },
        "a path",
        z.string().min(1),
    ),
    imageMirrors: setting(
        {
            description:
                "Registries to pull from instead, as an object from registry (or registry/path) to its mirror.",
            cost: "restart of the pods whose images it renames; those of Jaeger, Prometheus and Grafana lose their data",
        },
        "{}",
        'an object such as {"docker.io": "registry.local:5000/docker"}',
        parseMirrors,
    ),
    gatewayApiCrds: choice(
        {
            description:
                "Whether this stack installs the Gateway API CRDs: " +
                "auto (only where the cluster serves none of its own), always, never.",
            cost: "in place; CRDs are never deleted",
        },
        ["auto", "always", "never"],
    ),
    istioHub: setting(
        { description: "Registry and path of Istio's images.", cost: ISTIO_RESTART },
        "docker.io/istio",
        "a registry with a path, without a tag",
        checked(repository),
    ),
    istioTag: setting(
        {
            description: `Tag of Istio's images; the charts stay those of ${ISTIO_VERSION}.`,
            cost: ISTIO_RESTART,
        },
        ISTIO_VERSION,
        "an image tag",
        checked(imageTag),
    ),
    bookinfoNamespace: setting(
        {
            description: "Namespace of Bookinfo; created with the injection label.",
            cost: "replacement: the old namespace is deleted, with all that is in it",
        },
        "istio-sample",
        "a namespace name (RFC 1123 label)",
        checked(dnsLabel),
    ),
    bookinfoImages: setting(
        {
            description: "Start of Bookinfo's image names, before -productpage-v1 and so on.",
            cost: BOOKINFO_RESTART,
        },
        "docker.io/istio/examples-bookinfo",
        "a registry with a path, without a tag",
        checked(repository),
    ),
    bookinfoTag: setting(
        { description: "Tag of Bookinfo's images.", cost: BOOKINFO_RESTART },
        BOOKINFO_VERSION,
        "an image tag",
        checked(imageTag),
    ),
    gatewayServiceType: choice(
        {
            description: "Type of the Service that Istio generates for the Gateway.",
            cost: "in place; addresses and node ports may become others",
        },
        ["NodePort", "ClusterIP", "LoadBalancer"],
    ),
    gatewayNodePort: port({
        description: "Node port of the gateway's port 80; 0 lets Kubernetes choose.",
        cost: "in place",
    }),
    kiali: flag({ description: "Install Kiali.", cost: "false deletes it" }),
    kialiNodePort: port({
        description: "Node port of Kiali's port 20001; 0 lets Kubernetes choose.",
        cost: "in place",
    }),
    kialiServiceType: choice(
        {
            description: "Type of Kiali's Service. With NodePort whoever reaches a node reaches Kiali.",
            cost: "in place; its node port goes or becomes another",
        },
        ["NodePort", "ClusterIP"],
    ),
    kialiAccess: choice(
        {
            description:
                "Who may do what in Kiali: anonymous, anybody may change the mesh; view-only, anybody may look; " +
                "token, whoever logs in with a ServiceAccount's token, what that account may do.",
            cost: "restart of Kiali",
        },
        ["anonymous", "view-only", "token"],
    ),
    jaeger: flag({
        description: "Install Jaeger.",
        cost: "false deletes it, its traces and the tracing of the mesh; restart of Kiali",
    }),
    prometheus: flag({ description: "Install Prometheus.", cost: "false deletes it and its metrics" }),
    grafana: flag({ description: "Install Grafana.", cost: "false deletes it, and what was changed in it" }),
    loki: flag({ description: "Install Loki.", cost: "false deletes it, its volume and all logs" }),
    lokiStorageClass: optional(
        {
            description: "StorageClass of Loki's volume; empty means the cluster's default class.",
            cost: "refused once there is a volume",
        },
        "the name of a StorageClass",
        z.string().regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/),
    ),
    lokiStorageSize: setting(
        {
            description: "Size of Loki's volume.",
            cost: "in place where it grows and the class allows it (allowVolumeExpansion); else refused",
        },
        "10Gi",
        "a quantity such as 10Gi",
        checked(quantity),
    ),
    meshInspection: choice(
        {
            description:
                "Whether pulumi up inspects the mesh when it is ready: " +
                "off; local, with the NAT rules of this machine if it is a node; ssh, with a node's.",
            cost: NOTHING,
        },
        ["off", "local", "ssh"],
    ),
    inspectionFails: flag(
        { description: "Whether a problem that the inspection finds fails the update.", cost: NOTHING },
        "false",
    ),
    inspectionHost: optional(
        { description: "Node whose NAT rules are read over SSH.", cost: NOTHING },
        "a host name or an IP address",
        host,
    ),
    inspectionPort: setting(
        { description: "Port of the node's SSH server.", cost: NOTHING },
        "22",
        "a port from 1 to 65535",
        checked(
            z
                .string()
                .regex(/^[1-9]\d*$/)
                .transform(Number)
                .pipe(z.number().max(65535)),
        ),
    ),
    inspectionUser: setting(
        { description: "User on the node: root, or one whose sudo asks for no password.", cost: NOTHING },
        "root",
        "a user name, such as root, first.last or DOMAIN\\user",
        checked(z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.@\\-]*\$?$/)),
    ),
    // With a key of type ssh-rsa the plugin asks for signatures by SHA-1, which no server of today gives.
    inspectionHostKey: optional(
        { description: "Public key of the node's SSH server; one with another key is refused.", cost: NOTHING },
        "a key type other than ssh-rsa and a key, such as ssh-ed25519 AAAA...",
        z.string().regex(/^(?!ssh-rsa )[a-z0-9@.-]+ [A-Za-z0-9+/]+=*( .*)?$/),
    ),
    inspectionPrivateKey: secret(
        optional(
            {
                description: "Private key of the user, set with --secret; empty means the keys of the SSH agent.",
                cost: NOTHING,
            },
            "a private key in PEM form",
            privateKey,
        ),
    ),
} as const;

/** The stack's settings as the program sees them; an optional one that was left empty is `undefined`. */
export type StackSettings = {
    readonly [K in keyof typeof settings]: (typeof settings)[K] extends Setting<infer T> ? T : never;
};
