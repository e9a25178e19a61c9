import { type HostPort, parseHostPort, singleAddress } from "./address";
import { roleOf } from "./chains";
import { hasOnly, option, type Rule, targetOf, valueOf } from "./rule";
import type { Table } from "./save";

/** How a rule that masquerades chooses what it masquerades. */
export interface Masquerade {
    /** Such as `from outside 10.244.0.0/16`, or `everything`. */
    readonly when: string;
}

/** One endpoint that a KUBE-SVC or KUBE-SVL chain sends traffic to. */
export interface NatEndpoint extends Partial<HostPort> {
    /** The KUBE-SEP chain. */
    readonly chain: string;
    /** The part of new connections that it really gets, 0 to 1: the rules before it take theirs first. */
    readonly share: number;
    /** As the rule has it: of what the rules before it left over. `undefined` takes all of that. */
    readonly probability?: number;
    /** In nftables mode: of so many numbers one is drawn, and with so many of them the connection comes here. */
    readonly drawn?: { readonly numbers: number; readonly of: number };
    /** How DNAT chooses, where it is not plain: `--random`, `--random-fully`, `--persistent`. */
    readonly options: readonly string[];
    /** Whether traffic of the endpoint to itself is masqueraded. */
    readonly hairpin: boolean;
    /** Whether the chain is there; if not, nothing rewrites the address. */
    readonly exists: boolean;
    /** Whether the rules were saved by a program that is too old to print where this one leads. */
    readonly unseen?: true;
    /** Connections that were rewritten, where the set was saved with counters. */
    readonly packets?: number;
}

/** A KUBE-SVC or KUBE-SVL chain: how connections spread over endpoints. */
export interface EndpointChain {
    readonly name: string;
    readonly masquerade?: Masquerade;
    readonly endpoints: readonly NatEndpoint[];
    /** The part of new connections that no rule takes, 0 to 1. */
    readonly left: number;
    /** Session affinity: for so many seconds a client returns to its endpoint. */
    readonly affinitySeconds?: number;
    readonly packets?: number;
}

/** What the rules of a chain are to kube-proxy; those it would not write are left for the reader. */
export interface Reading<T> {
    readonly value: T;
    readonly known: readonly Rule[];
    readonly unknown: readonly Rule[];
}

const MASQUERADE = new Set([
    "-s",
    "-d",
    "-p",
    "-i",
    "-m",
    "--comment",
    "--dport",
    "--physdev-is-in",
    "--physdev-in",
    "-j",
]);
const NEGATABLE = new Set(["-s", "-i", "--physdev-in", "--physdev-is-in"]);
const SPREAD = new Set(["-m", "--comment", "--mode", "--probability", "-j"]);
const AFFINITY = new Set(["-m", "--comment", "--rcheck", "--seconds", "--reap", "--name", "--mask", "--rsource", "-j"]);
const HAIRPIN = new Set(["-s", "-m", "--comment", "-j"]);
const REWRITE = new Set([
    "-p",
    "-m",
    "--comment",
    "--set",
    "--name",
    "--mask",
    "--rsource",
    "-j",
    "--to-destination",
    "--random",
    "--random-fully",
    "--persistent",
]);
const REWRITE_OPTIONS = ["--random", "--random-fully", "--persistent"];
const NO_OPTIONS: readonly string[] = [];

/** Whether a rule is one by which kube-proxy marks traffic for masquerading. */
export function asMasquerade(rule: Rule): Masquerade | undefined {
    if (targetOf(rule) !== "KUBE-MARK-MASQ" || !hasOnly(rule, MASQUERADE, NEGATABLE)) return undefined;
    const from = option(rule, "-s") ?? option(rule, "-i") ?? option(rule, "--physdev-in");
    return { when: from ? `from ${from.negated ? "outside " : ""}${from.values[0]}` : "everything" };
}

/** Reads a chain that spreads connections over endpoints, and those endpoints' chains. */
export function readEndpointChain(table: Table, name: string): Reading<EndpointChain> {
    const known: Rule[] = [];
    const unknown: Rule[] = [];
    const endpoints: NatEndpoint[] = [];
    let masquerade: Masquerade | undefined;
    let affinitySeconds: number | undefined;
    let left = 1;
    const rules = table.chains.get(name)?.rules ?? [];
    for (const rule of rules) {
        const target = targetOf(rule) ?? "";
        const marking = masquerade ? undefined : asMasquerade(rule);
        if (marking) {
            masquerade = marking;
            known.push(rule);
        } else if (roleOf(target) === "endpoint" && hasOnly(rule, SPREAD)) {
            const probability = probabilityOf(rule);
            const share = left * (probability ?? 1);
            left -= share;
            const endpoint = readEndpoint(table, target);
            endpoints.push(
                probability === undefined ? { ...endpoint.value, share } : { ...endpoint.value, share, probability },
            );
            known.push(rule, ...endpoint.known);
            unknown.push(...endpoint.unknown);
        } else if (roleOf(target) === "endpoint" && option(rule, "--rcheck") && hasOnly(rule, AFFINITY)) {
            affinitySeconds = Number(valueOf(rule, "--seconds"));
            known.push(rule);
        } else {
            unknown.push(rule);
            left -= left * shareTaken(rule);
        }
    }
    const value = {
        name,
        masquerade,
        endpoints,
        left: left < ROUNDING ? 0 : left,
        affinitySeconds,
        packets: sumPackets(
            rules,
            endpoints.map(({ chain }) => chain),
        ),
    };
    return { value, known, unknown };
}

/**
 * The kernel keeps probabilities as parts of 2^31, so that what is left after a sure rule is 0, but sums are not
 * exact.
 */
const ROUNDING = 1e-9;

function probabilityOf(rule: Rule): number | undefined {
    const text = valueOf(rule, "--probability");
    return text === undefined ? undefined : Number(text);
}

/** Matches that let every packet through, as far as shares go. */
const UNCONDITIONAL = new Set([
    "-m",
    "--comment",
    "--mode",
    "--probability",
    "--every",
    "--packet",
    "-j",
    "-g",
    "--reject-with",
    "--to-destination",
]);

/** The part of what reaches a foreign rule that does not reach the next one; 0 where that depends on the packet. */
function shareTaken(rule: Rule): number {
    const target = targetOf(rule);
    const passes =
        target === undefined ||
        target === "MARK" ||
        target === "LOG" ||
        target === "KUBE-MARK-MASQ" ||
        target === "CONNMARK" ||
        target === "NFLOG";
    if (passes || !hasOnly(rule, UNCONDITIONAL)) return 0;
    const every = Number(valueOf(rule, "--every"));
    return probabilityOf(rule) ?? (every > 0 ? 1 / every : 1);
}

/** Reads one KUBE-SEP chain: masquerade what it sends itself, rewrite the rest. */
function readEndpoint(table: Table, name: string): Reading<Omit<NatEndpoint, "share" | "probability">> {
    const chain = table.chains.get(name);
    const known: Rule[] = [];
    const unknown: Rule[] = [];
    let rewrite: Rule | undefined;
    let destination: HostPort | undefined;
    let hairpin: string | undefined;
    let unseen = false;
    for (const rule of chain?.rules ?? []) {
        const target = targetOf(rule);
        const to = !rewrite && target === "DNAT" && hasOnly(rule, REWRITE) ? destinationOf(rule) : undefined;
        if (to) {
            rewrite = rule;
            destination = to;
            known.push(rule);
        } else if (
            hairpin === undefined &&
            target === "KUBE-MARK-MASQ" &&
            hasOnly(rule, HAIRPIN) &&
            valueOf(rule, "-s")
        ) {
            hairpin = singleAddress(valueOf(rule, "-s")!);
            known.push(rule);
        } else {
            unseen ||= target === "DNAT" && isMisprinted(rule);
            unknown.push(rule);
        }
    }
    const value = {
        chain: name,
        ...destination,
        options: rewrite ? rewriteOptions(rewrite) : NO_OPTIONS,
        hairpin: hairpin !== undefined && hairpin === destination?.address,
        exists: chain !== undefined && chain.rules.length > 0,
        ...(unseen && !rewrite && { unseen: true as const }),
        ...(rewrite?.counters && { packets: rewrite.counters.packets }),
    };
    return { value, known, unknown };
}

function rewriteOptions(rule: Rule): readonly string[] {
    const given = REWRITE_OPTIONS.filter((flag) => option(rule, flag));
    return given.length > 0 ? given : NO_OPTIONS;
}

/** Where DNAT goes to; programs of different versions can print it more than once, and then none of it holds. */
function destinationOf(rule: Rule): HostPort | undefined {
    const given = rule.options.filter(({ name }) => name === "--to-destination");
    const target = rule.options.find(({ name }) => name === "-j");
    return given.length === 1 && target?.values.length === 1 ? parseHostPort(given[0]!.values[0] ?? "") : undefined;
}

/** As programs older than kube-proxy's print its DNAT: as a revision that they do not know, or as two destinations. */
const isMisprinted = (rule: Rule): boolean =>
    rule.options.some(({ name, values }) => name === "-j" && values.join(" ").includes("[unsupported")) ||
    rule.options.filter(({ name }) => name === "--to-destination").length > 1;

/** Connections that the rules towards these chains met; `undefined` where the set was saved without counters. */
function sumPackets(rules: readonly Rule[], targets: readonly string[]): number | undefined {
    const met = rules.filter((rule) => rule.counters && targets.includes(targetOf(rule) ?? ""));
    return met.length === 0 ? undefined : met.reduce((sum, rule) => sum + rule.counters!.packets, 0);
}
