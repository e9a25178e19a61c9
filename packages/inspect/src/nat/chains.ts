import { hash } from "node:crypto";

/** What a chain is to kube-proxy, by its name. */
export type ChainRole =
    | "services"
    | "nodePorts"
    | "externalServices"
    | "cluster"
    | "local"
    | "external"
    | "firewall"
    | "endpoint"
    | "markMasquerade"
    | "postrouting"
    | "plumbing"
    | "other";

/** Chains of which there is one each. */
const SINGLE: Readonly<Record<string, ChainRole>> = {
    "KUBE-SERVICES": "services",
    "KUBE-NODEPORTS": "nodePorts",
    "KUBE-EXTERNAL-SERVICES": "externalServices",
    "KUBE-MARK-MASQ": "markMasquerade",
    "KUBE-POSTROUTING": "postrouting",
    "KUBE-FORWARD": "plumbing",
    "KUBE-FIREWALL": "plumbing",
    "KUBE-PROXY-FIREWALL": "plumbing",
    "KUBE-MARK-DROP": "plumbing",
    "KUBE-PROXY-CANARY": "plumbing",
    "KUBE-KUBELET-CANARY": "plumbing",
    "KUBE-IPTABLES-HINT": "plumbing",
};

/** Chains of which there is one for each Service port or endpoint: a prefix and 16 characters of a hash. */
const HASHED: readonly (readonly [prefix: string, role: ChainRole])[] = [
    ["KUBE-SEP-", "endpoint"],
    ["KUBE-SVC-", "cluster"],
    ["KUBE-SVL-", "local"],
    ["KUBE-EXT-", "external"],
    ["KUBE-FW-", "firewall"],
];

/** Others name chains alike, such as kube-router's KUBE-SVC-... or kube-vip's; a hash of kube-proxy's looks so. */
const HASH = /^[A-Z2-7]{16}$/;

const isHashed = (chain: string, prefix: string) => chain.startsWith(prefix) && HASH.test(chain.slice(prefix.length));

export function roleOf(chain: string): ChainRole {
    if (!chain.startsWith("KUBE-")) return "other";
    for (const [prefix, role] of HASHED) {
        if (isHashed(chain, prefix)) return role;
    }
    return SINGLE[chain] ?? "other";
}

/** Chains of which the kubelet makes one each, in whatever mode kube-proxy is. */
const KUBELET = new Set(["KUBE-FIREWALL", "KUBE-MARK-DROP", "KUBE-KUBELET-CANARY", "KUBE-IPTABLES-HINT"]);

/** Whether kube-proxy alone writes the chain. */
export const isKubeProxys = (chain: string): boolean => roleOf(chain) !== "other" && !KUBELET.has(chain);

/** The hash in the name of a chain of a Service port or an endpoint; `undefined` for other chains. */
export function hashOf(chain: string): string | undefined {
    for (const [prefix] of HASHED) {
        if (isHashed(chain, prefix)) return chain.slice(prefix.length);
    }
    return undefined;
}

/**
 * The name of a Service port as kube-proxy writes it in comments: `namespace/service:port`, or
 * `namespace/service` where the port has no name.
 */
export const servicePortName = (namespace: string, service: string, port: string): string =>
    `${namespace}/${service}${port && `:${port}`}`;

/**
 * The hash that kube-proxy puts into the names of a Service port's chains: `KUBE-SVC-<hash>` and its like.
 *
 * @param name as {@link servicePortName} writes it
 * @param protocol in lower case
 */
export const servicePortHash = (name: string, protocol: string): string =>
    base32(hash("sha256", name + protocol, "buffer"));

/** @param destination as DNAT writes it, `10.244.0.12:9080` */
export const endpointHash = (name: string, protocol: string, destination: string): string =>
    base32(hash("sha256", name + protocol + destination, "buffer"));

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The first 16 characters of the bytes in base 32 (RFC 4648). */
function base32(bytes: Buffer): string {
    let text = "";
    let held = 0;
    let bits = 0;
    for (let at = 0; text.length < 16;) {
        if (bits < 5) {
            held = (held << 8) | bytes[at++]!;
            bits += 8;
        }
        bits -= 5;
        text += LETTERS[(held >> bits) & 31];
        held &= (1 << bits) - 1;
    }
    return text;
}
