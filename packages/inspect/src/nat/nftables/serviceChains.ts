import { parseHostPort, singleAddress } from "../address";
import type { EndpointChain, Masquerade, NatEndpoint } from "../endpointChain";
import type { ExternalChain, FirewallChain } from "../serviceChains";
import { leadsTo, MARK, nftRoleOf } from "./chains";
import type { NftRule, NftTable } from "./ruleset";

/** What a chain says, and the rules of it that kube-proxy would not write. */
export interface NftReading<T> {
    readonly value: T;
    readonly foreign: readonly NftRule[];
}

const SPREAD = /^numgen (?:random|inc) mod (\d+)(?: offset (\d+))? vmap \{ (.*) \}$/;
const AFFINITY = /^ip6? saddr @(\S+) goto (\S+)$/;
const FROM = /(?:^| )(?:ip6? saddr|iif|iifname) (!= )?(\S+) (?:jump|goto) \S+$/;
/** The kernel keeps shares exactly, but sums of them are not. */
const ROUNDING = 1e-9;

const rulesOf = ({ chains }: NftTable, chain: string): readonly NftRule[] => chains.get(chain)?.rules ?? [];

/** A rule that marks for masquerading what comes from outside, or all. */
function asMasquerade(text: string): Masquerade | undefined {
    if (leadsTo(text) !== MARK || text.includes(" goto ") || text.startsWith("fib ")) return undefined;
    const [, outside, from] = FROM.exec(text) ?? [];
    return { when: from === undefined ? "everything" : `from ${outside ? "outside " : ""}${from}` };
}

/** Reads a chain that spreads connections over endpoints, and those endpoints' chains. */
export function readNftEndpoints(table: NftTable, name: string): NftReading<EndpointChain> {
    const foreign: NftRule[] = [];
    const endpoints: NatEndpoint[] = [];
    let masquerade: Masquerade | undefined;
    let affinitySeconds: number | undefined;
    let left = 1;
    const add = (chain: string, share: number, drawn?: NatEndpoint["drawn"]) => {
        const endpoint = readEndpoint(table, chain);
        foreign.push(...endpoint.foreign);
        endpoints.push({ ...endpoint.value, share, ...(drawn && { drawn }) });
    };
    for (const rule of rulesOf(table, name)) {
        const marking = masquerade ? undefined : asMasquerade(rule.text);
        const [, affinity, kept] = AFFINITY.exec(rule.text) ?? [];
        const spread = SPREAD.exec(rule.text);
        if (marking) {
            masquerade = marking;
        } else if (affinity !== undefined && nftRoleOf(kept!) === "endpoint") {
            affinitySeconds = table.sets.get(affinity)?.timeout;
        } else if (spread) {
            const numbers = drawnNumbers(spread);
            const of = Number(spread[1]);
            let taken = 0;
            for (const [chain, count] of numbers) {
                add(chain, left * (count / of), { numbers: count, of });
                taken += count / of;
            }
            left -= left * taken;
        } else {
            foreign.push(rule);
            left -= left * shareTaken(rule.text);
        }
    }
    return {
        value: { name, masquerade, endpoints, left: left < ROUNDING ? 0 : left, affinitySeconds },
        foreign,
    };
}

/** How many of the numbers that numgen may draw lead to each chain. */
function drawnNumbers([, mod, offset, elements]: RegExpExecArray): Map<string, number> {
    const first = Number(offset ?? 0);
    const numbers = new Map<string, number>();
    for (const element of elements!.split(", ")) {
        const [, from, to, chain] = /^(\d+)(?:-(\d+))? : (?:goto|jump) (\S+)$/.exec(element) ?? [];
        if (chain === undefined) continue;
        const low = Math.max(Number(from), first);
        const high = Math.min(Number(to ?? from), first + Number(mod) - 1);
        if (high >= low) numbers.set(chain, (numbers.get(chain) ?? 0) + high - low + 1);
    }
    return numbers;
}

const DRAWN = /^numgen \S+ mod (\d+)(?: offset \d+)? (< )?(\d+) (.*)$/;
const ENDS = /^(counter packets \d+ bytes \d+ )?(accept|drop|return|reject( with .*)?|goto \S+|dnat to .*)$/;

/** The part of what reaches a foreign rule that does not reach the next one; 0 where that depends on the packet. */
function shareTaken(text: string): number {
    const [, mod, below, number, verdict] = DRAWN.exec(text) ?? [];
    if (!ENDS.test(verdict ?? text)) return 0;
    return mod === undefined ? 1 : (below ? Number(number) : 1) / Number(mod);
}

/** Reads one endpoint's chain: mark what it sends itself, note the client, rewrite the rest. */
function readEndpoint(table: NftTable, name: string): NftReading<Omit<NatEndpoint, "share">> {
    const foreign: NftRule[] = [];
    const rules = rulesOf(table, name);
    let hairpin: string | undefined;
    let rewrite: { address: string; port: number } | undefined;
    let options: readonly string[] = [];
    for (const rule of rules) {
        const [, sender] = /^ip6? saddr (\S+) jump mark-for-masquerade$/.exec(rule.text) ?? [];
        const [, to, flags] = /^(?:meta l4proto \S+ )?dnat to (\S+)(?: (\S+))?$/.exec(rule.text) ?? [];
        const destination = to === undefined || rewrite ? undefined : parseHostPort(to);
        if (sender !== undefined && hairpin === undefined) hairpin = singleAddress(sender);
        else if (destination) {
            rewrite = destination;
            options = flags?.split(",") ?? [];
        } else if (!/^update @affinity-\S+ \{ ip6? saddr.* \}$/.test(rule.text)) foreign.push(rule);
    }
    return {
        value: {
            chain: name,
            ...rewrite,
            options,
            hairpin: hairpin !== undefined && hairpin === rewrite?.address,
            exists: rules.length > 0,
        },
        foreign,
    };
}

/** Reads the chain of traffic by a node port or an external address. */
export function readNftExternal(table: NftTable, name: string): NftReading<ExternalChain> {
    const foreign: NftRule[] = [];
    const ways: ExternalChain["ways"][number][] = [];
    let masquerade: Masquerade | undefined;
    const rules = rulesOf(table, name);
    for (const rule of rules) {
        const { text } = rule;
        const target = leadsTo(text) ?? "";
        const role = nftRoleOf(target);
        const fromNode = text.startsWith("fib saddr type local ");
        if (!masquerade && target === MARK) {
            masquerade = fromNode ? { when: "from this node" } : asMasquerade(text);
        } else if ((role === "cluster" || role === "local") && (/^goto \S+$/.test(text) || fromNode || FROM.test(text)))
            ways.push({ when: fromNode ? "this node" : FROM.test(text) ? "pods" : "all", target });
        else foreign.push(rule);
    }
    return { value: { name, masquerade, ways, exists: rules.length > 0 }, foreign };
}

/** Reads the chain that drops what comes from elsewhere than `loadBalancerSourceRanges`. */
export function readNftFirewall(table: NftTable, name: string): NftReading<FirewallChain> {
    const foreign: NftRule[] = [];
    const sources: string[] = [];
    const rules = rulesOf(table, name);
    for (const rule of rules) {
        const [, several, one] = /^ip6? saddr != (?:\{ (.*) \}|(\S+)) drop$/.exec(rule.text) ?? [];
        if (several === undefined && one === undefined) foreign.push(rule);
        else sources.push(...(several?.split(", ") ?? [one!]));
    }
    return { value: { name, sources, exists: rules.length > 0 }, foreign };
}
