import { hasOnly, option, type Rule, targetOf, valueOf } from "./rule";
import type { Table } from "./save";

/** How traffic that was marked is masqueraded on its way out. */
export interface Masquerading {
    /** The bit that KUBE-MARK-MASQ sets, such as `0x4000`; `undefined` where the chain sets none. */
    readonly mark?: string;
    /** Whether KUBE-POSTROUTING masquerades what carries that mark. */
    readonly applied: boolean;
    /**
     * Whether that cannot be told, since a program older than the one that wrote the rules saved them: it leaves out
     * the mark that it does not understand, so that a rule for unmarked traffic looks like one for all.
     *
     * @see https://github.com/kubernetes/kubernetes/issues/112477
     */
    readonly unseen?: true;
}

/** A built-in chain's jump to KUBE-SERVICES, without which none of the rest takes effect. */
export type Hook = "PREROUTING" | "OUTPUT";

/** A form of rule: where it leads, and the options that it may have. */
type Form = readonly [target: string, options: ReadonlySet<string>];
const form = (target: string, ...options: string[]): Form => [target, new Set(["-m", "--comment", "-j", ...options])];

const HOOKS = [
    "KUBE-SERVICES",
    "KUBE-POSTROUTING",
    "KUBE-FORWARD",
    "KUBE-FIREWALL",
    "KUBE-PROXY-FIREWALL",
    "KUBE-NODEPORTS",
    "KUBE-EXTERNAL-SERVICES",
].map((target) => form(target, "--ctstate"));

/** The forms of the rules in the chains of which there is one each, Services' own rules aside. */
const FORMS: Readonly<Record<string, readonly Form[]>> = {
    "KUBE-SERVICES": [form("KUBE-NODEPORTS", "-d", "--dst-type")],
    "KUBE-MARK-MASQ": [form("MARK", "--set-xmark")],
    "KUBE-MARK-DROP": [form("MARK", "--set-xmark")],
    "KUBE-POSTROUTING": [
        form("RETURN", "--mark"),
        form("MARK", "--set-xmark"),
        form("MASQUERADE", "--mark", "--random-fully"),
    ],
    "KUBE-FORWARD": [
        form("DROP", "--ctstate", "--nfacct-name"),
        form("ACCEPT", "--mark"),
        form("ACCEPT", "-s", "-d", "--ctstate"),
    ],
    "KUBE-FIREWALL": [form("DROP", "--mark"), form("DROP", "-s", "-d", "--ctstate")],
    "KUBE-PROXY-FIREWALL": [form("DROP", "-d", "-p", "--dport")],
};
/** In the filter table: the port at which a load balancer asks for a Service's health. */
const HEALTH_CHECK = form("ACCEPT", "-p", "--dport");
const NEGATABLE = new Set(["-s", "-d", "--mark", "--ctstate"]);

/**
 * Whether a rule is one of those that kube-proxy and the kubelet have beside the Services' own.
 *
 * @param table the table's name
 * @param builtIn whether its chain is one that the kernel brings
 */
export function isPlumbing(rule: Rule, table: string, builtIn: boolean): boolean {
    const isHealthCheck = table === "filter" && rule.chain === "KUBE-NODEPORTS";
    const forms = builtIn ? HOOKS : isHealthCheck ? [HEALTH_CHECK] : (FORMS[rule.chain] ?? []);
    const target = targetOf(rule);
    return forms.some(([wanted, options]) => wanted === target && hasOnly(rule, options, NEGATABLE));
}

/** Which built-in chains of the nat table lead to KUBE-SERVICES. */
export function hooksOf(nat: Table): Hook[] {
    const jumps = (chain: string) =>
        nat.chains
            .get(chain)
            ?.rules.some((rule) => targetOf(rule) === "KUBE-SERVICES" && isPlumbing(rule, "nat", true)) ?? false;
    return (["PREROUTING", "OUTPUT"] as const).filter(jumps);
}

/** Reads the mark that KUBE-MARK-MASQ sets and whether KUBE-POSTROUTING acts on it. */
export function readMasquerading(nat: Table): Masquerading {
    const [mark, mask] = marked(nat, "KUBE-MARK-MASQ").at(-1) ?? [];
    if (mark === undefined || Number(mark) === 0 || mark !== mask) return { applied: false };
    const rules = nat.chains.get("KUBE-POSTROUTING")?.rules ?? [];
    const isReturn = (rule: Rule) => targetOf(rule) === "RETURN";
    const passes = rules.some((rule) => {
        const match = option(rule, "--mark");
        return isReturn(rule) && match?.negated === true && match.values[0] === `${mark}/${mark}`;
    });
    const hooked = nat.chains.get("POSTROUTING")?.rules.some((rule) => targetOf(rule) === "KUBE-POSTROUTING") ?? false;
    const masquerades = rules.findIndex((rule) => targetOf(rule) === "MASQUERADE");
    const before = rules.slice(0, Math.max(masquerades, 0));
    const ends = before.some((rule) => isReturn(rule) && hasOnly(rule, BARE));
    const unseen = ends && !rules.some((rule) => isReturn(rule) && option(rule, "--mark")) && nat.backend !== "legacy";
    return { mark, applied: hooked && passes && !ends && masquerades >= 0, ...(unseen && hooked && { unseen }) };
}

/** What a rule has that matches every packet. */
const BARE = new Set(["-m", "--comment", "-j"]);

const marked = (table: Table, chain: string) =>
    (table.chains.get(chain)?.rules ?? [])
        .filter((rule) => targetOf(rule) === "MARK")
        .map((rule) => (valueOf(rule, "--set-xmark") ?? "").split("/"));
