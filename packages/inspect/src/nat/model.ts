import { hashOf, roleOf, servicePortHash } from "./chains";
import { type EndpointChain, readEndpointChain, type Reading } from "./endpointChain";
import { isIpvs } from "./ipvs";
import { kubeProxyTable, nftSize, othersRules, readNftModel } from "./nftables/model";
import { type Hook, hooksOf, isPlumbing, type Masquerading, readMasquerading } from "./plumbing";
import { type Rule, targetOf } from "./rule";
import type { Backend, Chain, Family, SavedRules, Table } from "./save";
import { serverOf, type ServiceServer } from "./servers";
import {
    asEntry,
    type Entry,
    type ExternalChain,
    type FirewallChain,
    readExternalChain,
    readFirewallChain,
} from "./serviceChains";

/** All that one node does for one port of one Service in one family. */
export interface NatService {
    /** The hash in its chains' names. */
    readonly hash: string;
    /** Such as `istio-sample/reviews:http`; `undefined` where no rule names it. */
    readonly name?: string;
    readonly protocol: string;
    readonly family: Family;
    readonly entries: readonly Entry[];
    /** KUBE-SVC: endpoints anywhere. */
    readonly cluster?: EndpointChain;
    /** KUBE-SVL: endpoints on this node. */
    readonly local?: EndpointChain;
    readonly external?: ExternalChain;
    readonly firewall?: FirewallChain;
}

/** A rule as it stands, in the words of the program that printed it. */
export interface ShownRule {
    readonly chain: string;
    readonly text: string;
}

/** A rule that kube-proxy would not write, as it stands in the saved set. */
export interface ForeignRule {
    readonly family: Family;
    readonly backend?: Backend;
    readonly table: string;
    readonly rule: ShownRule;
}

/** A jump to a chain that is not there or is empty. */
export interface BrokenJump {
    readonly from: string;
    readonly to: string;
    readonly missing: boolean;
}

/** The modes in which kube-proxy's rules show where Services lead. */
export type ProxyMode = "iptables" | "nftables";

/** kube-proxy's rules of one family. */
export interface NatModel {
    readonly family: Family;
    readonly mode: ProxyMode;
    readonly backend?: Backend;
    /** Version of the iptables that saved the rules. */
    readonly version?: string;
    readonly services: readonly NatService[];
    readonly masquerading: Masquerading;
    readonly hooks: readonly Hook[];
    readonly brokenJumps: readonly BrokenJump[];
    /** Chains of Service ports and endpoints that nothing leads to, with their rules as they stand. */
    readonly unreferenced: readonly { readonly name: string; readonly rules: readonly ShownRule[] }[];
    /** Every other rule, of every table of the family, that is not kube-proxy's own; none is left out. */
    readonly foreign: readonly ForeignRule[];
}

/** What a saved rule set says, family by family. */
export interface NatReading {
    readonly models: readonly NatModel[];
    /** Families whose rules stand in both back ends of iptables; the second one is not read. */
    readonly both: readonly Family[];
    /** Families with rules of both modes; those of fewer Services are not read. */
    readonly bothModes: readonly Family[];
    /** Who serves Services where there is no model; absent where nothing tells. */
    readonly server?: ServiceServer;
    readonly warnings: readonly string[];
    readonly unreadable: SavedRules["unreadable"];
    /** Tables that are cut off, as `IPv4 nat`, or `nftables`. */
    readonly incomplete: readonly string[];
}

/** Reads kube-proxy's rules out of a saved set. A family without any of them has no model. */
export function readNat(saved: SavedRules): NatReading {
    const families = (["IPv4", "IPv6"] as const).map((family) => {
        const tables = saved.tables.filter((table) => table.family === family);
        const nats = tables
            .filter((table) => table.name === "nat" && table.chains.has("KUBE-SERVICES") && !isIpvs(table))
            .toSorted((a, b) => size(b) - size(a));
        return { family, tables, nats, nft: kubeProxyTable(saved.nftables, family) };
    });
    const models = families.flatMap(({ family, tables, nats: [nat], nft }): NatModel[] => {
        if (nft && (!nat || nftSize(nft) >= size(nat))) {
            const model = readNftModel(nft, family);
            const isSaved = (name: string) => tables.some((table) => table.name === name && table.backend !== "legacy");
            const others = [
                ...tables.flatMap((table) => foreignRules(table, new Set())),
                ...othersRules(saved.nftables, family, isSaved),
            ];
            return [{ ...model, foreign: [...model.foreign, ...others] }];
        }
        return nat ? [readModel(nat, tables)] : [];
    });
    const server = models.length === 0 ? serverOf(saved) : undefined;
    return {
        models,
        both: families.filter(({ nats }) => nats.length > 1).map(({ family }) => family),
        bothModes: families.filter(({ nats, nft }) => nft && nats.length > 0).map(({ family }) => family),
        ...(server && { server }),
        warnings: saved.warnings,
        unreadable: saved.unreadable,
        incomplete: [
            ...saved.tables.filter(({ complete }) => !complete).map(({ family, name }) => `${family} ${name}`),
            ...(saved.nftablesCutOff ? [NFTABLES] : []),
        ],
    };
}

/** As a part that is cut off: all that nft printed. */
export const NFTABLES = "nftables";

const size = (table: Table) => table.chains.get("KUBE-SERVICES")?.rules.length ?? 0;

/** A Service port while its rules are collected. */
interface Draft {
    hash: string;
    name?: string;
    protocol: string;
    entries: Entry[];
}

function readModel(nat: Table, tables: readonly Table[]): NatModel {
    const known = new Set<Rule>();
    const read = new Set<string>();
    const drafts = new Map<string, Draft>();
    const filters = tables.filter((table) => table.name === "filter" && table.backend === nat.backend);
    for (const table of [nat, ...filters]) {
        for (const name of ["KUBE-SERVICES", "KUBE-EXTERNAL-SERVICES", "KUBE-NODEPORTS"]) {
            for (const rule of table.chains.get(name)?.rules ?? []) {
                const entry = asEntry(rule);
                const hash =
                    entry &&
                    (hashOf(entry.target) ?? (entry.service && servicePortHash(entry.service, entry.protocol)));
                if (!entry || !hash) continue;
                known.add(rule);
                const draft = drafts.get(hash) ?? { hash, protocol: entry.protocol, entries: [] };
                drafts.set(hash, draft);
                draft.name ??= entry.service;
                if (!repeats(draft.entries, entry)) draft.entries.push(entry);
            }
        }
    }
    const take = <T>(name: string, reading: Reading<T>): T => {
        read.add(name);
        for (const rule of reading.known) known.add(rule);
        return reading.value;
    };
    const services = [...drafts.values()].map((draft) => readService(nat, draft, take, read));
    const leftover = unreferenced(nat, read);
    for (const rule of leftover.flatMap(({ rules }) => rules)) known.add(rule);
    return {
        family: nat.family,
        mode: "iptables",
        ...(nat.backend && { backend: nat.backend }),
        ...(nat.version && { version: nat.version }),
        services,
        masquerading: readMasquerading(nat),
        hooks: hooksOf(nat),
        brokenJumps: brokenJumps(nat),
        unreferenced: leftover,
        foreign: tables.flatMap((table) => foreignRules(table, known)),
    };
}

/** A node port's rule for loopback only repeats the rule itself. */
const repeats = (entries: readonly Entry[], entry: Entry) =>
    entries.some(
        ({ kind, address, port, target }) =>
            kind === entry.kind && address === entry.address && port === entry.port && target === entry.target,
    );

type Take = <T>(name: string, reading: Reading<T>) => T;

function readService(nat: Table, { hash, name, protocol, entries }: Draft, take: Take, read: Set<string>): NatService {
    const service: { -readonly [K in keyof NatService]: NatService[K] } = {
        hash,
        name,
        protocol,
        family: nat.family,
        entries,
    };
    const waiting = entries.map(({ target }) => target);
    for (let chain = waiting.shift(); chain !== undefined; chain = waiting.shift()) {
        if (read.has(chain)) continue;
        const role = roleOf(chain);
        if (role === "firewall") {
            service.firewall = take(chain, readFirewallChain(nat, chain));
            if (service.firewall.target) waiting.push(service.firewall.target);
        } else if (role === "external") {
            service.external = take(chain, readExternalChain(nat, chain));
            waiting.push(...service.external.ways.map(({ target }) => target));
        } else if (role === "cluster" || role === "local") {
            service[role] = take(chain, readEndpointChain(nat, chain));
            for (const { chain: endpoint } of service[role].endpoints) read.add(endpoint);
        }
    }
    return service;
}

function brokenJumps(nat: Table): BrokenJump[] {
    const broken: BrokenJump[] = [];
    for (const { name, rules } of nat.chains.values()) {
        for (const rule of rules) {
            const to = targetOf(rule);
            if (to === undefined || roleOf(to) === "other") continue;
            const target = nat.chains.get(to);
            if (target && (target.rules.length > 0 || to === "KUBE-NODEPORTS" || to === "KUBE-SERVICES")) continue;
            if (!broken.some((jump) => jump.from === name && jump.to === to))
                broken.push({ from: name, to, missing: !target });
        }
    }
    return broken;
}

function unreferenced(nat: Table, read: ReadonlySet<string>): Pick<Chain, "name" | "rules">[] {
    const chains = [...nat.chains.values()].filter(({ name }) => hashOf(name) !== undefined && !read.has(name));
    return chains.map(({ name, rules }) => ({ name, rules }));
}

function foreignRules(table: Table, known: ReadonlySet<Rule>): ForeignRule[] {
    const { family, backend, name } = table;
    const foreign: ForeignRule[] = [];
    for (const chain of table.chains.values()) {
        for (const rule of chain.rules) {
            if (!known.has(rule) && !isPlumbing(rule, name, chain.policy !== undefined))
                foreign.push({ family, ...(backend && { backend }), table: name, rule });
        }
    }
    return foreign;
}
