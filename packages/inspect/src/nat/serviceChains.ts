import { singleAddress } from "./address";
import { roleOf } from "./chains";
import { asMasquerade, type Masquerade, type Reading } from "./endpointChain";
import { hasOnly, option, type Rule, targetOf, valueOf } from "./rule";
import type { Table } from "./save";

/** By which address a Service port is reached. */
export type EntryKind = "cluster IP" | "external IP" | "load balancer IP" | "node port";

/** One rule that catches traffic to a Service port, or refuses it. */
export interface Entry {
    readonly kind: EntryKind;
    /** Absent for a node port: any address of the node. */
    readonly address?: string;
    readonly port: number;
    readonly protocol: string;
    /** Name of the Service port by the rule's comment, such as `istio-sample/reviews:http`. */
    readonly service?: string;
    /** A chain of kube-proxy's, or `REJECT` or `DROP`. */
    readonly target: string;
    /** Where it is refused: `has no endpoints`, `has no local endpoints`. */
    readonly reason?: string;
}

/** A KUBE-EXT chain: what happens to traffic that comes by a node port or an external address. */
export interface ExternalChain {
    readonly name: string;
    readonly masquerade?: Masquerade;
    /** Ways that end in another chain, in order; the last one takes the rest where it has no condition. */
    readonly ways: readonly { readonly when: "pods" | "this node" | "all"; readonly target: string }[];
    readonly exists: boolean;
}

/** A KUBE-FW chain: `loadBalancerSourceRanges`. */
export interface FirewallChain {
    readonly name: string;
    readonly target?: string;
    readonly sources: readonly string[];
    readonly exists: boolean;
}

const ENTRY = new Set(["-d", "-p", "-m", "--comment", "--dport", "--dst-type", "--nfacct-name", "-j", "--reject-with"]);
const COMMENT = /^(\S+\/\S+)(?: (cluster IP|external IP|loadbalancer IP|has no endpoints|has no local endpoints))?$/;
const KINDS: Readonly<Record<string, EntryKind>> = {
    "cluster IP": "cluster IP",
    "external IP": "external IP",
    "loadbalancer IP": "load balancer IP",
};

/**
 * Reads a rule of KUBE-SERVICES, KUBE-EXTERNAL-SERVICES or KUBE-NODEPORTS that catches traffic to a Service port.
 * @returns `undefined` for any other rule
 */
export function asEntry(rule: Rule): Entry | undefined {
    const target = targetOf(rule) ?? "";
    const serviceChain = ["cluster", "local", "external", "firewall"].includes(roleOf(target));
    if ((!serviceChain && target !== "REJECT" && target !== "DROP") || !hasOnly(rule, ENTRY)) return undefined;
    const port = Number(valueOf(rule, "--dport"));
    const protocol = valueOf(rule, "-p");
    const destination = valueOf(rule, "-d");
    if (!(port > 0) || protocol === undefined) return undefined;
    const [, service, said] = COMMENT.exec(valueOf(rule, "--comment") ?? "") ?? [];
    // The loopback's rule of a node port only counts; the same rule without it follows.
    const nodePort =
        rule.chain === "KUBE-NODEPORTS" || option(rule, "--dst-type") !== undefined || destination === undefined;
    const address = nodePort ? undefined : singleAddress(destination);
    if (!nodePort && address === undefined) return undefined;
    const kind = nodePort
        ? "node port"
        : (KINDS[said ?? ""] ?? (rule.chain === "KUBE-EXTERNAL-SERVICES" ? "external IP" : "cluster IP"));
    return {
        kind,
        ...(address && { address }),
        port,
        protocol,
        service,
        target,
        ...(said?.startsWith("has no") && { reason: said }),
    };
}

const WAY = new Set(["-s", "-i", "-m", "--comment", "--src-type", "-j"]);

/** Reads a KUBE-EXT chain. */
export function readExternalChain(table: Table, name: string): Reading<ExternalChain> {
    const known: Rule[] = [];
    const unknown: Rule[] = [];
    const ways: ExternalChain["ways"][number][] = [];
    let masquerade: Masquerade | undefined;
    const chain = table.chains.get(name);
    for (const rule of chain?.rules ?? []) {
        const target = targetOf(rule) ?? "";
        const role = roleOf(target);
        if (!masquerade && target === "KUBE-MARK-MASQ" && hasOnly(rule, WAY)) {
            masquerade = option(rule, "--src-type") ? { when: "from this node" } : asMasquerade(rule);
            known.push(rule);
        } else if ((role === "cluster" || role === "local") && hasOnly(rule, WAY)) {
            const fromPods = option(rule, "-s") ?? option(rule, "-i");
            ways.push({ when: option(rule, "--src-type") ? "this node" : fromPods ? "pods" : "all", target });
            known.push(rule);
        } else {
            unknown.push(rule);
        }
    }
    return { value: { name, masquerade, ways, exists: chain !== undefined && chain.rules.length > 0 }, known, unknown };
}

const SOURCE = new Set(["-s", "-m", "--comment", "-j"]);
const COUNTING = new Set(["-m", "--comment"]);

/** Reads a KUBE-FW chain; its last rule has no target and only says that the rest is dropped elsewhere. */
export function readFirewallChain(table: Table, name: string): Reading<FirewallChain> {
    const known: Rule[] = [];
    const unknown: Rule[] = [];
    const sources: string[] = [];
    let target: string | undefined;
    const chain = table.chains.get(name);
    for (const rule of chain?.rules ?? []) {
        const jump = targetOf(rule);
        if (jump !== undefined && ["external", "cluster", "local"].includes(roleOf(jump)) && hasOnly(rule, SOURCE)) {
            sources.push(valueOf(rule, "-s") ?? "anywhere");
            target = jump;
            known.push(rule);
        } else if (jump === undefined && hasOnly(rule, COUNTING)) {
            known.push(rule);
        } else {
            unknown.push(rule);
        }
    }
    return { value: { name, target, sources, exists: chain !== undefined && chain.rules.length > 0 }, known, unknown };
}
