import { endpointHash, formatHostPort, servicePortHash } from "../src/nat";

/** One port of a Service, as kube-proxy is told of it. */
export interface ProxiedPort {
    /** `namespace/service:port`. */
    name: string;
    protocol?: string;
    clusterIP: string;
    port: number;
    nodePort?: number;
    endpoints: { address: string; port: number }[];
    affinitySeconds?: number;
    /** Endpoints on this node, where the external traffic policy is `Local`. */
    localEndpoints?: { address: string; port: number }[];
}

export interface RuleSetOptions {
    family?: "IPv4" | "IPv6";
    header?: string;
    podNetwork?: string;
    /** kube-proxy leaves out most comments where there are many endpoints. */
    comments?: boolean;
    counters?: boolean;
}

/**
 * The rules that kube-proxy has for these ports, as `iptables-save` prints them. Written for the tests from
 * kube-proxy's documented chains.
 */
export function ruleSet(
    ports: readonly ProxiedPort[],
    {
        family = "IPv4",
        header = defaultHeader(family),
        podNetwork = family === "IPv4" ? "10.244.0.0/16" : "fd00:10:244::/56",
        comments = true,
        counters = false,
    }: RuleSetOptions = {},
): string {
    const chains = new Set([
        "KUBE-MARK-MASQ",
        "KUBE-NODEPORTS",
        "KUBE-POSTROUTING",
        "KUBE-PROXY-CANARY",
        "KUBE-SERVICES",
    ]);
    const nat: string[] = [
        `-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES`,
        `-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES`,
        `-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING`,
        `-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000`,
        `-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN`,
        `-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0`,
        `-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE ` +
            "--random-fully",
    ];
    const filter: string[] = [];
    const host = family === "IPv4" ? "/32" : "/128";
    for (const {
        name,
        protocol = "tcp",
        clusterIP,
        port,
        nodePort,
        endpoints,
        affinitySeconds,
        localEndpoints,
    } of ports) {
        const hash = servicePortHash(name, protocol);
        const comment = (text: string) => (comments ? ` -m comment --comment "${text}"` : "");
        const to = `-d ${clusterIP}${host} -p ${protocol} -m comment --comment`;
        if (endpoints.length === 0) {
            filter.push(
                `-A KUBE-SERVICES ${to} "${name} has no endpoints" -m ${protocol} --dport ${port} -j REJECT ` +
                    "--reject-with icmp-port-unreachable",
            );
            continue;
        }
        nat.push(`-A KUBE-SERVICES ${to} "${name} cluster IP" -m ${protocol} --dport ${port} -j KUBE-SVC-${hash}`);
        nat.push(
            `-A KUBE-SVC-${hash} ! -s ${podNetwork} ${to} "${name} cluster IP" -m ${protocol} --dport ${port} -j ` +
                "KUBE-MARK-MASQ",
        );
        if (nodePort) {
            chains.add(`KUBE-EXT-${hash}`);
            nat.push(
                `-A KUBE-NODEPORTS -p ${protocol} -m comment --comment "${name}" -m ${protocol} --dport ` +
                    `${nodePort} -j KUBE-EXT-${hash}`,
            );
            if (localEndpoints) {
                nat.push(
                    `-A KUBE-EXT-${hash} -s ${podNetwork} -m comment --comment "pod traffic for ${name} external ` +
                        `destinations" -j KUBE-SVC-${hash}`,
                );
                nat.push(
                    `-A KUBE-EXT-${hash} -m comment --comment "masquerade LOCAL traffic for ${name} external ` +
                        `destinations" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ`,
                );
                nat.push(
                    `-A KUBE-EXT-${hash} -m comment --comment "route LOCAL traffic for ${name} external ` +
                        `destinations" -m addrtype --src-type LOCAL -j KUBE-SVC-${hash}`,
                );
                nat.push(`-A KUBE-EXT-${hash} -j KUBE-SVL-${hash}`);
            } else {
                nat.push(
                    `-A KUBE-EXT-${hash} -m comment --comment "masquerade traffic for ${name} external ` +
                        `destinations" -j KUBE-MARK-MASQ`,
                );
                nat.push(`-A KUBE-EXT-${hash} -j KUBE-SVC-${hash}`);
            }
        }
        for (const [chain, members] of [
            [`KUBE-SVC-${hash}`, endpoints],
            [`KUBE-SVL-${hash}`, localEndpoints ?? []],
        ] as const) {
            if (members.length === 0) continue;
            chains.add(chain);
            const seps = members.map(
                (endpoint) => `KUBE-SEP-${endpointHash(name, protocol, formatHostPort(endpoint))}`,
            );
            if (affinitySeconds) {
                for (const [at, endpoint] of members.entries()) {
                    nat.push(
                        `-A ${chain}${comment(`${name} -> ${formatHostPort(endpoint)}`)} -m recent --rcheck ` +
                            `--seconds ${affinitySeconds} --reap --name ${seps[at]} --mask 255.255.255.255 --rsource ` +
                            `-j ${seps[at]}`,
                    );
                }
            }
            for (const [at, endpoint] of members.entries()) {
                const left = members.length - at;
                const chance = left > 1 ? ` -m statistic --mode random --probability ${asKernelPrints(1 / left)}` : "";
                nat.push(`-A ${chain}${comment(`${name} -> ${formatHostPort(endpoint)}`)}${chance} -j ${seps[at]}`);
            }
        }
        for (const endpoint of endpoints) {
            const sep = `KUBE-SEP-${endpointHash(name, protocol, formatHostPort(endpoint))}`;
            chains.add(sep);
            const recent = affinitySeconds ? ` -m recent --set --name ${sep} --mask 255.255.255.255 --rsource` : "";
            nat.push(`-A ${sep} -s ${endpoint.address}${host}${comment(name)} -j KUBE-MARK-MASQ`);
            nat.push(
                `-A ${sep} -p ${protocol}${comment(name)}${recent} -m ${protocol} -j DNAT --to-destination ` +
                    `${formatHostPort(endpoint)}`,
            );
        }
    }
    nat.push(
        `-A KUBE-SERVICES${family === "IPv6" ? " ! -d ::1/128" : ""} -m comment --comment "kubernetes service ` +
            `nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j ` +
            "KUBE-NODEPORTS",
    );
    const counted = (rule: string) => (counters ? `[0:0] ${rule}` : rule);
    return [
        header,
        "*filter",
        ":INPUT ACCEPT [0:0]",
        ":FORWARD ACCEPT [0:0]",
        ":OUTPUT ACCEPT [0:0]",
        ":KUBE-SERVICES - [0:0]",
        ...filter.map(counted),
        "COMMIT",
        "# Completed on Fri Jan  2 10:00:00 2026",
        header,
        "*nat",
        ":PREROUTING ACCEPT [0:0]",
        ":INPUT ACCEPT [0:0]",
        ":OUTPUT ACCEPT [0:0]",
        ":POSTROUTING ACCEPT [0:0]",
        ...[...chains].sort().map((chain) => `:${chain} - [0:0]`),
        ...nat.map(counted),
        "COMMIT",
        "# Completed on Fri Jan  2 10:00:00 2026",
        "",
    ].join("\n");
}

const defaultHeader = (family: string) =>
    `# Generated by ${family === "IPv6" ? "ip6tables" : "iptables"}-save v1.8.9 (nf_tables) on Fri Jan  2 ` +
    "10:00:00 2026";

/** The kernel keeps a probability as a part of 2^31. */
function asKernelPrints(probability: number): string {
    return (Math.round(Number(probability.toFixed(10)) * 2 ** 31) / 2 ** 31).toFixed(11);
}
