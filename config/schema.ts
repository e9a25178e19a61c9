import { z } from "zod";
import { BOOKINFO_VERSION, ISTIO_VERSION } from "@istio-on-pulumi/kube";

/**
 * One setting of the stack.
 *
 * Pulumi hands every configuration value over as text (objects as JSON), so a setting reads text; the program sees `T`.
 */
export interface Setting<T> {
    /** What it decides, in one sentence, as `Pulumi.yaml` and the README show it. */
    readonly description: string;
    /** The text that stands for an unset key; it passes `parse`. */
    readonly default: string;
    /** What is allowed, in words that fit behind "allowed: ". */
    readonly allowed: string;
    /** Reads the text of a value; `undefined` where it is not allowed. */
    readonly parse: (text: string) => { readonly value: T } | undefined;
}

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
const mirrors = z.record(registry, registry);

function setting<T>(description: string, fallback: string, allowed: string, parse: Setting<T>["parse"]): Setting<T> {
    return { description, default: fallback, allowed, parse };
}

function checked<T>(type: z.ZodType<T>): Setting<T>["parse"] {
    return (text) => {
        const { success, data } = type.safeParse(text);
        return success ? { value: data } : undefined;
    };
}

/** A text that may be left empty; the program then sees `undefined`. */
function optional<T>(description: string, allowed: string, type: z.ZodType<T>): Setting<T | undefined> {
    const read = checked(type);
    return setting<T | undefined>(description, "", `${allowed}, or empty`, (text) =>
        text === "" ? { value: undefined } : read(text),
    );
}

function flag(description: string, fallback: "true" | "false" = "true"): Setting<boolean> {
    return setting(description, fallback, "true or false", (text) =>
        text === "true" || text === "false" ? { value: text === "true" } : undefined,
    );
}

function choice<const T extends string>(description: string, values: readonly [T, ...T[]]): Setting<T> {
    const allowed: z.ZodType<T> = z.custom<T>((text) => values.includes(text as T));
    return setting(description, values[0], values.join(", "), checked(allowed));
}

function port(description: string): Setting<number> {
    const parse = checked(z.string().regex(/^\d+$/).transform(Number).pipe(z.number().max(65535)));
    return setting(
        description,
        "0",
        "a port from 1 to 65535 inside the cluster's node port range " +
            "(30000-32767 unless the API server says otherwise), or 0 for any",
        parse,
    );
}

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

/**
 * Every setting of the stack, by its key in the project's namespace (`istio-on-pulumi:<key>`).
 *
 * `Pulumi.yaml` and the README's table are written from this by `npm run config:update`; a test holds them together.
 */
export const settings = {
    kubeconfig: optional(
        "Path of the kubeconfig; empty means the user's own ($KUBECONFIG, else ~/.kube/config).",
        "a path",
        z.string().min(1),
    ),
    context: optional(
        "Context of the kubeconfig that names the cluster; empty means its current context. " +
            "Set it in every shared stack.",
        "a context of the kubeconfig",
        z.string().min(1),
    ),
    clusterUid: optional(
        "UID of the cluster's namespace kube-system; empty means the cluster of the stack's first update. " +
            "Another cluster is refused.",
        "a UID, as kubectl get namespace kube-system -o jsonpath={.metadata.uid} prints it",
        z.uuid(),
    ),
    existingNamespaces: setting(
        "Those of the stack's namespaces that somebody else made: they are labelled and used, and stay on destroy.",
        "[]",
        'a list such as ["istio-system"], of istio-system and bookinfoNamespace',
        parseNamespaces,
    ),
    nodeHost: optional(
        "Host name or IP address at which users reach the node ports; empty means the address of the first node.",
        "a host name or an IP address",
        host,
    ),
    bundle: optional(
        "Directory of upstream files written by `npm run bundle`, for clusters without internet; " +
            "empty means fetch and cache them.",
        "a path",
        z.string().min(1),
    ),
    imageMirrors: setting(
        "Registries to pull from instead, as an object from registry (or registry/path) to its mirror.",
        "{}",
        'an object such as {"docker.io": "registry.local:5000/docker"}',
        parseMirrors,
    ),
    gatewayApiCrds: choice(
        "Whether this stack installs the Gateway API CRDs: " +
            "auto (only where the cluster serves none of its own), always, never.",
        ["auto", "always", "never"],
    ),
    istioHub: setting(
        "Registry and path of Istio's images.",
        "docker.io/istio",
        "a registry with a path, without a tag",
        checked(repository),
    ),
    istioTag: setting(
        `Tag of Istio's images; the charts stay those of ${ISTIO_VERSION}.`,
        ISTIO_VERSION,
        "an image tag",
        checked(imageTag),
    ),
    bookinfoNamespace: setting(
        "Namespace of Bookinfo; created with the injection label.",
        "istio-sample",
        "a namespace name (RFC 1123 label)",
        checked(dnsLabel),
    ),
    bookinfoImages: setting(
        "Start of Bookinfo's image names, before -productpage-v1 and so on.",
        "docker.io/istio/examples-bookinfo",
        "a registry with a path, without a tag",
        checked(repository),
    ),
    bookinfoTag: setting("Tag of Bookinfo's images.", BOOKINFO_VERSION, "an image tag", checked(imageTag)),
    gatewayServiceType: choice("Type of the Service that Istio generates for the Gateway.", [
        "NodePort",
        "ClusterIP",
        "LoadBalancer",
    ]),
    gatewayNodePort: port("Node port of the gateway's port 80; 0 lets Kubernetes choose."),
    kiali: flag("Install Kiali."),
    kialiNodePort: port("Node port of Kiali's port 20001; 0 lets Kubernetes choose."),
    jaeger: flag("Install Jaeger."),
    prometheus: flag("Install Prometheus."),
    grafana: flag("Install Grafana."),
    loki: flag("Install Loki."),
    lokiStorageClass: optional(
        "StorageClass of Loki's volume; empty means the cluster's default class.",
        "the name of a StorageClass",
        z.string().regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/),
    ),
    lokiStorageSize: setting("Size of Loki's volume.", "10Gi", "a quantity such as 10Gi", checked(quantity)),
    meshInspection: choice(
        "Whether pulumi up inspects the mesh when it is ready: " +
            "off; local, with the NAT rules of this machine if it is a node; ssh, with a node's.",
        ["off", "local", "ssh"],
    ),
    inspectionFails: flag("Whether a problem that the inspection finds fails the update.", "false"),
    inspectionHost: optional("Node whose NAT rules are read over SSH.", "a host name or an IP address", host),
    inspectionPort: setting(
        "Port of the node's SSH server.",
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
        "User on the node: root, or one whose sudo asks for no password.",
        "root",
        "a user name",
        checked(z.string().regex(/^[a-z_][a-z0-9_-]*$/)),
    ),
    // With a key of type ssh-rsa the plugin asks for signatures by SHA-1, which no server of today gives.
    inspectionHostKey: optional(
        "Public key of the node's SSH server; one with another key is refused.",
        "a key type other than ssh-rsa and a key, such as ssh-ed25519 AAAA...",
        z.string().regex(/^(?!ssh-rsa )[a-z0-9@.-]+ [A-Za-z0-9+/]+=*( .*)?$/),
    ),
    inspectionPrivateKey: optional(
        "Private key of the user, set with --secret; empty means the keys of the SSH agent.",
        "a private key in PEM form",
        z.string().min(1),
    ),
} as const;

/** The stack's settings as the program sees them; an optional one that was left empty is `undefined`. */
export type StackSettings = {
    readonly [K in keyof typeof settings]: (typeof settings)[K] extends Setting<infer T> ? T : never;
};
