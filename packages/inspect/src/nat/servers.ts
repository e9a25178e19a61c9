import { isIpvs } from "./ipvs";
import { valueOf } from "./rule";
import type { SavedRules } from "./save";

/** Who leads Services to pods where kube-proxy's rules do not. */
export interface ServiceServer {
    /** Such as `kube-proxy in IPVS mode`. */
    readonly name: string;
    /** What tells it, such as `the chain KUBE-LOAD-BALANCER`. */
    readonly evidence: string;
    /** What shows, on the node or for it, where a Service leads. */
    readonly command: string;
}

interface Known extends Omit<ServiceServer, "evidence"> {
    /** Names of the chains by which it is known. */
    readonly chain: RegExp;
}

const IPVS = "ipvsadm -Ln";

/** Their chains stand in iptables' tables or in nftables' own. */
const KNOWN: readonly Known[] = [
    {
        name: "kube-proxy in IPVS mode",
        command: IPVS,
        chain: /^KUBE-(LOAD-BALANCER|NODE-PORT|IPVS-FILTER|IPVS-OUT-FILTER)$/,
    },
    { name: "kube-router", command: IPVS, chain: /^KUBE-ROUTER-(SERVICES|HAIRPIN)$/ },
    {
        name: "Cilium",
        command: "kubectl -n kube-system exec <the node's cilium pod> -- cilium-dbg service list",
        chain: /^(OLD_)?CILIUM_/,
    },
    { name: "OVN-Kubernetes", command: "ovn-nbctl lb-list", chain: /^OVN-KUBE-(NODEPORT|EXTERNALIP|ETP|ITP)$/ },
    { name: "Antrea", command: "antctl get ovsflows -S <service> -n <namespace>", chain: /^ANTREA-/ },
];

const CALICO: Omit<ServiceServer, "evidence"> = {
    name: "Calico's eBPF data plane",
    command: "kubectl -n calico-system exec <the node's calico-node pod> -- calico-node -bpf nat dump",
};
const CALICO_COMMENT = /approved by BPF programs/i;

/** Tells by others' chains who serves Services; `undefined` where none does. */
export function serverOf({ tables, nftables }: SavedRules): ServiceServer | undefined {
    const ipvs = tables.find((table) => table.name === "nat" && isIpvs(table));
    if (ipvs) return { ...KNOWN[0]!, evidence: "the chain KUBE-SERVICES" };
    const chains = [...tables, ...nftables].flatMap((table) => [...table.chains.keys()]);
    for (const { chain, ...known } of KNOWN) {
        const found = chains.find((name) => chain.test(name));
        if (found !== undefined) return { ...known, evidence: `the chain ${found}` };
    }
    for (const { chains: all } of tables) {
        for (const { name, rules } of all.values()) {
            if (rules.some((rule) => CALICO_COMMENT.test(valueOf(rule, "--comment") ?? "")))
                return { ...CALICO, evidence: `a comment in the chain ${name}` };
        }
    }
    return undefined;
}
