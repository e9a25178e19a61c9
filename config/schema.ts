import { z } from "zod";
import { addons } from "./addons";
import { gatewayApi, istio } from "./istio";
import { choice, flag, nodePort, optional, setting } from "./setting";
import {
    annotations,
    dnsLabel,
    dnsName,
    host,
    hostKey,
    hostname,
    imageTag,
    labels,
    privateKey,
    registry,
    repository,
    REPOSITORY,
    userName,
} from "./types";

const NOTHING = "nothing in the cluster";
const ALL_PODS =
    "restart of the pods that it concerns; those of Jaeger, Grafana and a Prometheus without a volume lose their data";
const BOOKINFO_RESTART = "restart of Bookinfo's pods";

const cluster = z.strictObject({
    kubeconfig: optional(
        {
            description:
                "Path of the kubeconfig, or its text, set with --secret; empty means the user's own " +
                "($KUBECONFIG, else ~/.kube/config).",
            cost: NOTHING,
            isSecret: true,
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
    uid: optional(
        {
            description:
                "UID of the cluster's namespace kube-system; empty means the cluster of the stack's first update. " +
                "Another cluster is refused.",
            cost: NOTHING,
        },
        "a UID, as kubectl get namespace kube-system -o jsonpath={.metadata.uid} prints it",
        z.uuid(),
    ),
    stackIdentity: optional(
        {
            description:
                "Identity of the stack whose objects are this one's: of one whose state is lost. It stays in the " +
                "settings. Empty means the one that this stack's own state keeps.",
            cost: "every object is marked anew; what another identity marks is refused",
        },
        "an identity, as the label istio-on-pulumi/stack of its objects has it",
        z.string().regex(/^stack[0-9a-f]{8,32}$/),
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
});

const registries = z.strictObject({
    mirrors: setting(z.record(registry, registry).default({}), {
        description: "Registries to pull from instead, as an object from registry (or registry/path) to its mirror.",
        allowed: 'an object such as {"docker.io": "registry.local:5000/docker"}',
        cost: ALL_PODS,
    }),
    pullSecrets: setting(z.array(dnsName).default([]), {
        description:
            "Names of Secrets with which every pod of the stack pulls its images, an injected sidecar's pod too. " +
            "They must exist in istio-system and in the namespaces of Bookinfo and of the gateway.",
        allowed: 'a list such as ["registry-login"]',
        cost: ALL_PODS,
    }),
});

const namespaces = z.strictObject({
    existing: setting(z.array(dnsLabel).default([]), {
        description:
            "Those of the stack's namespaces that somebody else made: they are labelled and used, and stay on destroy.",
        allowed: 'a list such as ["istio-system"], of istio-system, bookinfo.namespace and gateway.namespace',
        cost: "nothing: a namespace that the stack made stays the stack's, and one that it uses stays its owner's",
    }),
    podSecurity: flag(
        {
            description:
                "Label the namespaces that the stack makes with the strictest Pod Security level that their pods meet: " +
                "baseline, and privileged where there are sidecars.",
            cost: "in place; with true pods of others that ask for more are refused",
        },
        false,
    ),
    labels: setting(labels.default({}), {
        description: "Labels of every namespace of the stack.",
        allowed: 'an object such as {"team": "platform"}',
        cost: "in place",
    }),
    annotations: setting(annotations.default({}), {
        description: "Annotations of every namespace of the stack.",
        allowed: 'an object such as {"example.com/contact": "platform@example.com"}',
        cost: "in place",
    }),
});

const mtls = z.strictObject({
    mode: choice(
        {
            description: "Whether every workload of the mesh takes mutual TLS alone (STRICT), or plain text, too.",
            cost: "in place; with STRICT callers without a sidecar are refused",
        },
        ["PERMISSIVE", "STRICT"],
    ),
});

const bookinfo = z.strictObject({
    enabled: flag({
        description: "Install Bookinfo, and the gateway in its namespace.",
        cost: "false deletes it, and its namespace with all that is in it",
    }),
    namespace: setting(dnsLabel.default("istio-sample"), {
        description: "Namespace of Bookinfo; created with the injection label.",
        allowed: "a namespace name (RFC 1123 label)",
        cost: "replacement: the old namespace is deleted, with all that is in it",
    }),
    images: setting(repository.default("docker.io/istio/examples-bookinfo"), {
        description: "Start of Bookinfo's image names, before -productpage-v1 and so on.",
        allowed: REPOSITORY,
        cost: BOOKINFO_RESTART,
    }),
    tag: optional(
        { description: "Tag of Bookinfo's images; empty means the one of istio.version.", cost: BOOKINFO_RESTART },
        "an image tag",
        imageTag,
    ),
    revision: optional(
        {
            description: "Revision whose sidecars Bookinfo's pods get; empty means the default control plane's.",
            cost: BOOKINFO_RESTART,
        },
        "a key of istio.revisions",
        dnsLabel,
    ),
    networkPolicies: flag(
        {
            description:
                "NetworkPolicies by which each service of Bookinfo is asked by those alone that ask it in the sample, " +
                "and asks nobody else. They need a network plugin that enforces them.",
            cost: "in place; with true all other callers are cut off, and those who read metrics outside of istio-system",
        },
        false,
    ),
});

const gateway = z.strictObject({
    namespace: optional(
        {
            description:
                "A namespace of the gateway's own, where it takes routes of all namespaces, with Bookinfo or " +
                "without; empty means Bookinfo's, for Bookinfo alone.",
            cost: "replacement: another gateway, with other addresses; the old namespace is deleted",
        },
        "a namespace name (RFC 1123 label)",
        dnsLabel,
    ),
    serviceType: choice(
        {
            description: "Type of the Service that Istio generates for the Gateway.",
            cost: "in place; addresses and node ports may become others",
        },
        ["NodePort", "ClusterIP", "LoadBalancer"],
    ),
    nodePort: nodePort({
        description: "Node port of the gateway's port 80; 0 lets Kubernetes choose.",
        cost: "in place",
    }),
    hostnames: setting(z.array(hostname).default([]), {
        description: "Host names that the gateway answers to; none means all.",
        allowed: 'a list such as ["shop.example.com", "*.example.org"]',
        cost: "in place; requests for other hosts are answered with 404",
    }),
    tlsSecret: optional(
        {
            description:
                "Secret of type kubernetes.io/tls in the gateway's namespace, with which it answers HTTPS at port " +
                "443, too.",
            cost: "in place",
        },
        "the name of a Secret",
        dnsName,
    ),
});

const inspection = z.strictObject({
    mode: choice(
        {
            description:
                "Whether pulumi up inspects the mesh when it is ready: " +
                "off; local, with the NAT rules of this machine if it is a node; ssh, with a node's.",
            cost: NOTHING,
        },
        ["off", "local", "ssh"],
    ),
    fails: flag({ description: "Whether a problem that the inspection finds fails the update.", cost: NOTHING }, false),
    host: optional(
        { description: "Node whose NAT rules are read over SSH.", cost: NOTHING },
        "a host name or an IP address",
        host,
    ),
    port: setting(z.int().min(1).max(65535).default(22), {
        description: "Port of the node's SSH server.",
        allowed: "a port from 1 to 65535",
        cost: NOTHING,
    }),
    user: setting(userName.default("root"), {
        description: "User on the node: root, or one whose sudo asks for no password.",
        allowed: "a user name, such as root, first.last or DOMAIN\\user",
        cost: NOTHING,
    }),
    hostKey: optional(
        { description: "Public key of the node's SSH server; one with another key is refused.", cost: NOTHING },
        "a key type other than ssh-rsa and a key, such as ssh-ed25519 AAAA...",
        hostKey,
    ),
    privateKey: optional(
        {
            description: "Private key of the user, set with --secret; empty means the keys of the SSH agent.",
            cost: NOTHING,
            isSecret: true,
        },
        "a private key in PEM form",
        privateKey,
    ),
});

/**
 * Every setting of the stack, in groups: each group is a key in the project's namespace (`istio-on-pulumi:<group>`).
 *
 * `Pulumi.yaml`, the README's table and `config/stack.schema.json` are written from this by `npm run config:update`; a
 * test holds them together.
 */
export const settings = z.strictObject({
    cluster,
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
    registry: registries,
    namespaces,
    gatewayApi,
    istio,
    mtls,
    bookinfo,
    gateway,
    addons,
    inspection,
});

/** The stack's settings as they were given; an optional one that was left empty is `undefined`. */
export type GivenSettings = z.output<typeof settings>;
