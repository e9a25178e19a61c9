import type { ProxyMode } from "./model";
import type { Hook } from "./plumbing";

/** What kube-proxy calls the chains of which there is one each, for sentences. */
export interface ChainNames {
    /** What the kernel is to call first. */
    readonly start: string;
    /** Where cluster IPs are caught. */
    readonly services: string;
    /** Where node ports are caught. */
    readonly nodePorts: string;
    readonly mark: string;
    readonly masquerading: string;
    readonly hooks: Readonly<Record<Hook, string>>;
    /** The table of a family, such as `the IPv4 nat table`. */
    readonly table: (family: string) => string;
}

export const CHAINS: Readonly<Record<ProxyMode, ChainNames>> = {
    iptables: {
        start: "KUBE-SERVICES",
        services: "KUBE-SERVICES",
        nodePorts: "KUBE-NODEPORTS",
        mark: "KUBE-MARK-MASQ",
        masquerading: "KUBE-POSTROUTING",
        hooks: { PREROUTING: "PREROUTING", OUTPUT: "OUTPUT" },
        table: (family) => `the ${family} nat table`,
    },
    nftables: {
        start: "services",
        services: "service-ips",
        nodePorts: "service-nodeports",
        mark: "mark-for-masquerade",
        masquerading: "masquerading",
        hooks: { PREROUTING: "nat-prerouting", OUTPUT: "nat-output" },
        table: (family) => `the table ${family === "IPv6" ? "ip6" : "ip"} kube-proxy`,
    },
};
