import { formatExpression, formatStatement, isObject } from "./text";

/** A rule, as nft writes it: `ip saddr 10.244.0.5 jump mark-for-masquerade`. */
export interface NftRule {
    readonly chain: string;
    readonly text: string;
}

export interface NftChain {
    readonly name: string;
    /** Of a chain that the kernel calls by itself, such as `nat prerouting`. */
    readonly hook?: string;
    readonly rules: NftRule[];
}

/** An element of a set or a map. */
export interface NftElement {
    /** Such as `10.96.0.10 . tcp . 9080`. */
    readonly key: string;
    /** Of a map's, such as `goto service-...`. */
    readonly value?: string;
    readonly comment?: string;
}

/** A set or a map with a name. */
export interface NftSet {
    readonly name: string;
    readonly elements: readonly NftElement[];
    /** In seconds. */
    readonly timeout?: number;
}

export interface NftTable {
    /** As nft names it: `ip`, `ip6`, `inet` and others. */
    readonly family: string;
    readonly name: string;
    readonly chains: ReadonlyMap<string, NftChain>;
    readonly sets: ReadonlyMap<string, NftSet>;
}

interface OpenTable {
    family: string;
    name: string;
    chains: Map<string, NftChain>;
    sets: Map<string, NftSet>;
}

/**
 * Reads what `nft -j list ruleset` prints.
 *
 * @returns `undefined` where it is JSON of something else
 * @throws SyntaxError where it is no JSON
 */
export function parseNft(json: string): NftTable[] | undefined {
    const parsed: unknown = JSON.parse(json);
    const objects = isObject(parsed) ? parsed.nftables : undefined;
    if (!Array.isArray(objects)) return undefined;
    const tables = new Map<string, OpenTable>();
    const tableOf = (family: unknown, name: unknown): OpenTable => {
        const key = `${String(family)} ${String(name)}`;
        let table = tables.get(key);
        if (!table) {
            table = { family: String(family), name: String(name), chains: new Map(), sets: new Map() };
            tables.set(key, table);
        }
        return table;
    };
    for (const object of objects) {
        const [[kind, given] = []] = isObject(object) ? Object.entries(object) : [];
        if (!isObject(given)) continue;
        const { family, table, name } = given;
        if (kind === "table") tableOf(family, name);
        else if (kind === "chain") addChain(tableOf(family, table), given);
        else if (kind === "set" || kind === "map") addSet(tableOf(family, table), given);
        else if (kind === "rule") addRule(tableOf(family, table), given);
    }
    return [...tables.values()];
}

function addChain({ chains }: OpenTable, { name, type, hook }: Record<string, unknown>): void {
    const known = { name: String(name), rules: chains.get(String(name))?.rules ?? [] };
    chains.set(known.name, typeof hook === "string" ? { ...known, hook: `${String(type)} ${hook}` } : known);
}

function addRule({ chains }: OpenTable, { chain, expr }: Record<string, unknown>): void {
    const name = String(chain);
    const rule = { chain: name, text: Array.isArray(expr) ? expr.map(formatStatement).join(" ") : "" };
    const rules = chains.get(name)?.rules;
    if (rules) rules.push(rule);
    else chains.set(name, { name, rules: [rule] });
}

function addSet({ sets }: OpenTable, { name, elem, timeout }: Record<string, unknown>): void {
    sets.set(String(name), {
        name: String(name),
        elements: Array.isArray(elem) ? elem.map(readElement) : [],
        ...(typeof timeout === "number" && { timeout }),
    });
}

/** A map's element is a pair of key and value; where a key has more to say, it stands in an `elem`. */
function readElement(given: unknown): NftElement {
    const [key, value] = Array.isArray(given) ? (given as unknown[]) : [given, undefined];
    const more = isObject(key) && isObject(key.elem) ? key.elem : undefined;
    return {
        key: formatExpression(more ? more.val : key),
        ...(value !== undefined && { value: formatExpression(value) }),
        ...(typeof more?.comment === "string" && { comment: more.comment }),
    };
}
