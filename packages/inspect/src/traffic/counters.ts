import { parseHostPort, type Rule, type SavedRules, servicePortHash, targetOf, valueOf } from "../nat";

/** What the rules of one node port counted, by rule: packets that met it. In the table nat each is a new connection. */
export type NatCounters = ReadonlyMap<string, CountedRule>;

/** One rule on the way of a node port, or several that do the same. */
export interface CountedRule {
    readonly step: "node port" | "external" | "service" | "endpoint";
    readonly chain: string;
    /** The chain that the rule leads to, or what DNAT rewrites the destination to. */
    readonly to: string;
    readonly packets: number;
}

/** New connections that one step's rules met between two readings. */
export interface CountedStep extends Omit<CountedRule, "packets"> {
    readonly connections: number;
}

/**
 * The counters of the rules that lead a node port of TCP to its endpoints: KUBE-NODEPORTS, KUBE-EXT, KUBE-SVC or
 * KUBE-SVL, KUBE-SEP.
 *
 * @param servicePort as kube-proxy names it, `namespace/service:port`
 * @returns `undefined` where the rules were saved without counters; empty where they do not lead this node port
 * anywhere
 */
export function readCounters(saved: SavedRules, servicePort: string, nodePort: number): NatCounters | undefined {
    const hash = servicePortHash(servicePort, "tcp");
    const counted = new Map<string, CountedRule>();
    let without = false;
    const add = (step: CountedRule["step"], rule: Rule, to: string) => {
        if (!rule.counters) without = true;
        // The loopback's rule stands beside that of all addresses and leads to the same chain.
        const key = `${rule.chain} ${to}`;
        counted.set(key, {
            step,
            chain: rule.chain,
            to,
            packets: (counted.get(key)?.packets ?? 0) + (rule.counters?.packets ?? 0),
        });
    };
    for (const { name, chains } of saved.tables) {
        if (name !== "nat") continue;
        const rulesOf = (chain: string) => chains.get(chain)?.rules ?? [];
        const own = new Set([`KUBE-EXT-${hash}`, `KUBE-SVC-${hash}`, `KUBE-SVL-${hash}`]);
        const entries = rulesOf("KUBE-NODEPORTS").filter(
            (rule) =>
                Number(valueOf(rule, "--dport")) === nodePort &&
                valueOf(rule, "-p") === "tcp" &&
                own.has(targetOf(rule) ?? ""),
        );
        if (entries.length === 0) continue;
        for (const rule of entries) add("node port", rule, targetOf(rule)!);
        for (const rule of rulesOf(`KUBE-EXT-${hash}`)) {
            if (own.has(targetOf(rule) ?? "")) add("external", rule, targetOf(rule)!);
        }
        for (const chain of [`KUBE-SVC-${hash}`, `KUBE-SVL-${hash}`]) {
            for (const rule of rulesOf(chain)) {
                const to = targetOf(rule) ?? "";
                if (to.startsWith("KUBE-SEP-")) add("service", rule, to);
            }
        }
        const endpoints = new Set([...counted.values()].filter(({ step }) => step === "service").map(({ to }) => to));
        for (const endpoint of endpoints) {
            for (const rule of rulesOf(endpoint)) {
                const to = valueOf(rule, "--to-destination");
                if (targetOf(rule) === "DNAT" && to !== undefined && parseHostPort(to)) add("endpoint", rule, to);
            }
        }
    }
    return without ? undefined : counted;
}

/**
 * How much each counter grew, step by step.
 *
 * @returns `undefined` where a rule came, went or counts less than before: kube-proxy wrote the chains anew meanwhile
 */
export function countersBetween(before: NatCounters, after: NatCounters): CountedStep[] | undefined {
    if (before.size !== after.size) return undefined;
    const steps: CountedStep[] = [];
    for (const [key, { packets, ...rule }] of after) {
        const then = before.get(key)?.packets;
        if (then === undefined || packets < then) return undefined;
        steps.push({ ...rule, connections: packets - then });
    }
    return steps;
}
