import { servicePortName } from "../chains";
import type { Hook, Masquerading } from "../plumbing";
import type { NftTable } from "./ruleset";

/**
 * Names of kube-proxy's nftables mode. Chains of a Service port or an endpoint have a `/` in their names, its others
 * have none.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/v1.33.0/pkg/proxy/nftables/proxier.go
 */
export const TABLE = "kube-proxy";
const SERVICES = "services";
export const MARK = "mark-for-masquerade";
const MASQUERADING = "masquerading";
const REJECTING = "reject-chain";

/** What a chain of a Service port or an endpoint is, by its name. */
export type NftRole = "cluster" | "local" | "external" | "firewall" | "endpoint";

const ROLES: Readonly<Record<string, NftRole>> = {
    service: "cluster",
    local: "local",
    external: "external",
    firewall: "firewall",
    endpoint: "endpoint",
};
const SERVICE_OR_ENDPOINT = /^([a-z]+)-[A-Z2-7]{8}-([^/]+)\/([^/]+)\/([a-z]+)\/([a-z0-9-]*)/;

/** `undefined` for a chain that is no Service port's or endpoint's. */
export const nftRoleOf = (chain: string): NftRole | undefined => ROLES[SERVICE_OR_ENDPOINT.exec(chain)?.[1] ?? ""];

/** The Service port that a chain's name tells: `service-ULMVA6XW-ns1/svc1/tcp/p80`. */
export function servicePortOf(chain: string): { readonly name: string; readonly protocol: string } | undefined {
    const [, kind, namespace, service, protocol, port] = SERVICE_OR_ENDPOINT.exec(chain) ?? [];
    if (kind === undefined || !(kind in ROLES)) return undefined;
    return { name: servicePortName(namespace!, service!, port!), protocol: protocol! };
}

/** Where a verdict leads: `goto service-...`. */
export const leadsTo = (text: string): string | undefined => /(?:^| )(?:jump|goto) (\S+)$/.exec(text)?.[1];

/** The maps by which Service ports are caught or refused, and the chain that looks them up. */
export const MAPS = {
    "service-ips": SERVICES,
    "service-nodeports": SERVICES,
    "no-endpoint-services": "service-endpoints-check",
    "no-endpoint-nodeports": "nodeport-endpoints-check",
    "firewall-ips": "firewall-check",
} as const;

export const CLUSTER_IPS = "cluster-ips";

const KEY = String.raw`ip6? daddr \. meta l4proto \. th dport`;
const NODE_PORTS = String.raw`(fib daddr type local )?ip6? daddr (!= \S+|@nodeport-ips) meta l4proto \. th dport`;
const NUMBER = String.raw`(0x[0-9a-f]+|\d+)`;
const forms = (...words: string[]) => words.map((each) => new RegExp(`^${each}$`));

/** The rules of the chains of which there is one each. */
const FORMS: Readonly<Record<string, readonly RegExp[]>> = {
    [SERVICES]: forms(`${KEY} vmap @service-ips`, `${NODE_PORTS} vmap @service-nodeports`),
    "service-endpoints-check": forms(`${KEY} vmap @no-endpoint-services`),
    "nodeport-endpoints-check": forms(`${NODE_PORTS} vmap @no-endpoint-nodeports`),
    "firewall-check": forms(`${KEY} vmap @firewall-ips`),
    "cluster-ips-check": forms("ip6? daddr @cluster-ips reject( with .*)?", String.raw`ip6? daddr (\S+|\{ .* \}) drop`),
    [REJECTING]: forms("reject( with .*)?"),
    [MARK]: forms(String.raw`meta mark set meta mark \| ${NUMBER}`),
    [MASQUERADING]: forms(
        String.raw`meta mark & ${NUMBER} == (0x0+|0) return`,
        String.raw`meta mark set meta mark \^ ${NUMBER}`,
        "masquerade( (fully-)?random)?",
    ),
};
/** From the chains that the kernel calls. */
const HOOKED = new RegExp(`^(ct state new )?jump (${[...Object.keys(FORMS)].join("|")})$`);

/** Whether a rule is one of those that kube-proxy has beside the Services' own. */
export function isNftPlumbing(chain: string, hooked: boolean, text: string): boolean {
    return hooked ? HOOKED.test(text) : (FORMS[chain] ?? []).some((form) => form.test(text));
}

const textsOf = ({ chains }: NftTable, chain: string): string[] =>
    (chains.get(chain)?.rules ?? []).map(({ text }) => text);

/** Whether kube-proxy's chain looks the map up; if not, nothing in the map takes effect. */
export const looksUp = (table: NftTable, map: keyof typeof MAPS): boolean =>
    textsOf(table, MAPS[map]).some((text) => text.endsWith(` vmap @${map}`) && isNftPlumbing(MAPS[map], false, text));

/** Which of the kernel's hooks lead to the chain of Services. */
export function nftHooks(table: NftTable): Hook[] {
    const leads = (hook: string) =>
        [...table.chains.values()].some(
            (chain) => chain.hook === hook && chain.rules.some(({ text }) => text === `jump ${SERVICES}`),
        );
    const hooks = [
        ["PREROUTING", "nat prerouting"],
        ["OUTPUT", "nat output"],
    ] as const;
    return hooks.filter(([, hook]) => leads(hook)).map(([name]) => name);
}

/** Reads the mark that is set, and whether what carries it is masqueraded on its way out. */
export function nftMasquerading(table: NftTable): Masquerading {
    const mark = textsOf(table, MARK)
        .map((text) => /^meta mark set meta mark \| (\S+)$/.exec(text)?.[1])
        .findLast((value) => value !== undefined);
    if (mark === undefined || !(Number(mark) > 0)) return { applied: false };
    const hooked = [...table.chains.values()].some(
        ({ hook, rules }) => hook === "nat postrouting" && rules.some(({ text }) => text === `jump ${MASQUERADING}`),
    );
    const rules = textsOf(table, MASQUERADING);
    const masquerades = rules.findIndex((text) => /^masquerade\b/.test(text));
    const before = rules.slice(0, Math.max(masquerades, 0));
    const passes = before.some((text) => {
        const tested = /^meta mark & (\S+) == (?:0x0+|0) return$/.exec(text)?.[1];
        return tested !== undefined && Number(tested) === Number(mark);
    });
    const ends = before.some((text) => /^(return|accept|drop)$/.test(text));
    return { mark: `0x${Number(mark).toString(16)}`, applied: hooked && passes && !ends };
}

/** What an element of a map that refuses says. */
export const refusalOf = (verdict: string | undefined): "REJECT" | "DROP" | undefined =>
    verdict === "drop" ? "DROP" : leadsTo(verdict ?? "") === REJECTING ? "REJECT" : undefined;
