import { servicePortHash } from "../chains";
import type { BrokenJump, ForeignRule, NatModel, NatService } from "../model";
import type { Family } from "../save";
import type { Entry } from "../serviceChains";
import {
    CLUSTER_IPS,
    isNftPlumbing,
    leadsTo,
    looksUp,
    MAPS,
    nftHooks,
    nftMasquerading,
    nftRoleOf,
    refusalOf,
    servicePortOf,
    TABLE,
} from "./chains";
import type { NftElement, NftRule, NftTable } from "./ruleset";
import { type NftReading, readNftEndpoints, readNftExternal, readNftFirewall } from "./serviceChains";

const NFT_FAMILIES: Readonly<Record<Family, string>> = { IPv4: "ip", IPv6: "ip6" };

/** kube-proxy's own table of a family, where it is in nftables mode. */
export const kubeProxyTable = (tables: readonly NftTable[], family: Family): NftTable | undefined =>
    tables.find((table) => table.family === NFT_FAMILIES[family] && table.name === TABLE);

/** Service ports that the table serves or refuses. */
export const nftSize = ({ sets }: NftTable): number =>
    Object.keys(MAPS).reduce((sum, map) => sum + (sets.get(map)?.elements.length ?? 0), 0);

/** A Service port while its elements are collected. */
interface Draft {
    name: string;
    protocol: string;
    entries: Entry[];
    firewall?: string;
}

const ORDER = ["cluster IP", "external IP", "node port"];

/** Reads the table of kube-proxy's nftables mode. */
export function readNftModel(table: NftTable, family: Family): NatModel {
    const drafts = new Map<string, Draft>();
    const foreign: NftRule[] = [];
    const elements = collect(table, drafts);
    const read = new Set<string>();
    const services = [...drafts].map(([hash, draft]) => readService(table, family, hash, draft, read, foreign));
    for (const { name, hook, rules } of table.chains.values()) {
        if (nftRoleOf(name) === undefined)
            foreign.push(...rules.filter(({ text }) => !isNftPlumbing(name, hook !== undefined, text)));
    }
    return {
        family,
        mode: "nftables",
        services,
        masquerading: nftMasquerading(table),
        hooks: nftHooks(table),
        brokenJumps: brokenJumps(table),
        // kube-proxy empties a chain that it needs no more, and deletes it when it writes the next time.
        unreferenced: [...table.chains.values()].filter(
            ({ name, rules }) => nftRoleOf(name) !== undefined && rules.length > 0 && !read.has(name),
        ),
        foreign: [...foreign, ...elements].map((rule) => ({ family, table: TABLE, rule })),
    };
}

/** The rules of others' tables as they stand; those that iptables-save prints, too, are left to it. */
export function othersRules(
    tables: readonly NftTable[],
    family: Family,
    saved: (name: string) => boolean,
): ForeignRule[] {
    // A table of both families is told with the first.
    const families = family === "IPv4" ? ["ip", "inet"] : ["ip6"];
    return tables
        .filter((table) => families.includes(table.family) && table.name !== TABLE && !saved(table.name))
        .flatMap((table) =>
            [...table.chains.values()].flatMap(({ rules }) =>
                rules.map((rule) => ({ family, table: `${table.family} ${table.name}`, rule })),
            ),
        );
}

/** Goes through the maps; what kube-proxy would not put there is returned. */
function collect(table: NftTable, drafts: Map<string, Draft>): NftRule[] {
    const foreign: NftRule[] = [];
    const clusterIps = new Set(table.sets.get(CLUSTER_IPS)?.elements.map(({ key }) => key));
    const draftOf = ({ name, protocol }: { name: string; protocol: string }): Draft => {
        const hash = servicePortHash(name, protocol);
        const draft = drafts.get(hash) ?? { name, protocol, entries: [] };
        drafts.set(hash, draft);
        return draft;
    };
    for (const map of Object.keys(MAPS) as (keyof typeof MAPS)[]) {
        // What nothing looks up takes no effect.
        if (!looksUp(table, map)) continue;
        for (const element of table.sets.get(map)?.elements ?? []) {
            const place = placeOf(element);
            const chain = leadsTo(element.value ?? "");
            const refusal = refusalOf(element.value);
            const port = refusal ? commented(element, place?.protocol) : servicePortOf(chain ?? "");
            if (!place || !port || (!refusal && chain === undefined)) {
                foreign.push({ chain: map, text: `${element.key} : ${element.value ?? ""}` });
                continue;
            }
            const draft = draftOf(port);
            if (map === "firewall-ips") {
                draft.firewall = chain;
                continue;
            }
            const { address } = place;
            const external = !refusal && nftRoleOf(chain!) === "external";
            const isClusterIp = clusterIps.has(address ?? "") || (clusterIps.size === 0 && !external);
            draft.entries.push({
                // Only the Service tells which address is a load balancer's.
                kind: address === undefined ? "node port" : isClusterIp ? "cluster IP" : "external IP",
                ...place,
                service: port.name,
                target: refusal ?? chain!,
                ...(refusal && { reason: refusal === "REJECT" ? "has no endpoints" : "has no local endpoints" }),
            });
        }
    }
    for (const draft of drafts.values()) draft.entries.sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
    return foreign;
}

/** nft prints a protocol's number where the node has no list of their names. */
const PROTOCOLS: Readonly<Record<string, string>> = { "6": "tcp", "17": "udp", "132": "sctp" };

/** `10.96.0.10 . tcp . 9080`, or `tcp . 30080` for a node port. */
function placeOf({ key }: NftElement): Pick<Entry, "address" | "port" | "protocol"> | undefined {
    const words = key.split(" . ");
    const port = Number(words.pop());
    const named = words.pop() ?? "";
    if (!(port > 0) || named === "" || words.length > 1) return undefined;
    const [address] = words;
    return { ...(address !== undefined && { address }), port, protocol: PROTOCOLS[named] ?? named };
}

/** Which Service port has no endpoints stands in the element's comment. */
const commented = ({ comment }: NftElement, protocol: string | undefined) =>
    comment === undefined || protocol === undefined ? undefined : { name: comment, protocol };

function readService(
    table: NftTable,
    family: Family,
    hash: string,
    { name, protocol, entries, firewall }: Draft,
    read: Set<string>,
    foreign: NftRule[],
): NatService {
    const service: { -readonly [K in keyof NatService]: NatService[K] } = { hash, name, protocol, family, entries };
    const take = <T>(chain: string, { value, foreign: others }: NftReading<T>): T => {
        read.add(chain);
        foreign.push(...others);
        return value;
    };
    if (firewall !== undefined) service.firewall = take(firewall, readNftFirewall(table, firewall));
    const waiting = entries.map(({ target }) => target);
    for (let chain = waiting.shift(); chain !== undefined; chain = waiting.shift()) {
        if (read.has(chain)) continue;
        const role = nftRoleOf(chain);
        if (role === "external") {
            service.external = take(chain, readNftExternal(table, chain));
            waiting.push(...service.external.ways.map(({ target }) => target));
        } else if (role === "cluster" || role === "local") {
            service[role] = take(chain, readNftEndpoints(table, chain));
            for (const { chain: endpoint } of service[role].endpoints) read.add(endpoint);
        }
    }
    return service;
}

/** Jumps between the chains of which there is one each; a Service's own are findings of that Service. */
function brokenJumps({ chains }: NftTable): BrokenJump[] {
    const broken: BrokenJump[] = [];
    for (const { name, rules } of chains.values()) {
        for (const { text } of rules) {
            const to = leadsTo(text);
            if (to === undefined || nftRoleOf(to) !== undefined || (chains.get(to)?.rules.length ?? 0) > 0) continue;
            if (!broken.some((jump) => jump.from === name && jump.to === to))
                broken.push({ from: name, to, missing: !chains.has(to) });
        }
    }
    return broken;
}
