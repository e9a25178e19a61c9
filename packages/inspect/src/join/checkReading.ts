import { type Finding, listed, note, problem } from "../finding";
import { CHAINS, type Family, isKubeProxys, type NatModel, type NatReading, NFTABLES } from "../nat";

/**
 * What is wrong with a rule set as a whole.
 *
 * @param families families of the cluster IPs that the cluster has given out
 */
export function checkReading(reading: NatReading, families: ReadonlySet<Family>, source: string): Finding[] {
    const findings: Finding[] = [];
    const [{ mode } = {}] = reading.models;
    if (mode === undefined) {
        if (families.size > 0) findings.push(notProvable(reading, source));
    } else {
        for (const family of families) {
            if (!reading.models.some((model) => model.family === family))
                findings.push(missingFamily(family, mode, source));
        }
    }
    for (const family of reading.bothModes) {
        findings.push(
            problem(
                "nat/both-modes",
                family,
                `Both iptables and nftables hold ${family} rules of kube-proxy in ${source}: one of the two sets is ` +
                    "left over from its other mode and still takes effect; remove it on that node by running " +
                    "kube-proxy --cleanup once, then restart kube-proxy.",
            ),
        );
    }
    for (const family of reading.both) {
        findings.push(
            problem(
                "nat/both-back-ends",
                family,
                `Both back ends of iptables hold ${family} rules of kube-proxy in ${source}: one of the two sets ` +
                    "is left over and still takes effect; flush it with the iptables of its back end.",
            ),
        );
    }
    for (const table of reading.incomplete) {
        findings.push(
            problem(
                "nat/cut-off",
                table,
                table === NFTABLES
                    ? `What nft printed does not end in ${source}, so the text is cut off; save the rules again.`
                    : `The table ${table} has no COMMIT in ${source}, so the text is cut off; save the rules again.`,
            ),
        );
    }
    if (reading.unreadable.length > 0) {
        const lines = listed(reading.unreadable.map(({ line }) => String(line)));
        findings.push(
            note(
                "nat/unreadable",
                source,
                `${reading.unreadable.length === 1 ? "Line" : "Lines"} ${lines} of ${source} ` +
                    `${reading.unreadable.length === 1 ? "is" : "are"} no rule, chain or table, and shown as found.`,
            ),
        );
    }
    return [...findings, ...reading.models.flatMap((model) => checkModel(model, source))];
}

/** Others lead Services to pods where no NAT rules show it. That is no fault, and nothing is proved either. */
function notProvable({ server, warnings }: NatReading, source: string): Finding {
    const served = server
        ? `${server.name} serves Services there, as ${server.evidence} shows, and leads them to pods outside of ` +
          `these rules; see where with: ${server.command}`
        : `${source} hold none of kube-proxy's, and nothing that tells who serves Services there: a program that ` +
          "needs no such rules, or kube-proxy with rules that were not saved along (iptables-save, ip6tables-save, " +
          "nft -j list ruleset)";
    const warned = warnings.length === 0 ? "" : `; the saving program warns: ${listed(warnings.map(quoted))}`;
    return note("nat/not-provable", "Services", `Not provable by NAT rules here: ${served}${warned}.`);
}

const quoted = (warning: string): string => `"${warning}"`;

function missingFamily(family: Family, mode: NatModel["mode"], source: string): Finding {
    const isSix = family === "IPv6";
    const [what, save] =
        mode === "nftables"
            ? [`table ${isSix ? "ip6" : "ip"} kube-proxy`, "it was not saved along"]
            : [`${family} chain KUBE-SERVICES`, `${isSix ? "ip6tables-save" : "iptables-save"} was not saved along`];
    return problem(
        "nat/no-rules",
        family,
        `There is no ${what} in ${source}, though Services have ${family} cluster IPs: kube-proxy there serves the ` +
            `other family alone, or ${save}.`,
    );
}

function checkModel(model: NatModel, source: string): Finding[] {
    const findings: Finding[] = [];
    const { family, mode } = model;
    const names = CHAINS[mode];
    const table = names.table(family);
    for (const hook of ["PREROUTING", "OUTPUT"] as const) {
        if (!model.hooks.includes(hook)) {
            findings.push(
                problem(
                    "nat/not-hooked",
                    `${family} ${hook}`,
                    `The chain ${names.hooks[hook]} of ${table} does not lead to ${names.start} in ${source}, ` +
                        `so ${hook === "OUTPUT" ? "connections from the node itself" : "connections of pods"} reach ` +
                        "no Service; restart kube-proxy on that node.",
                ),
            );
        }
    }
    const hidden = hiddenChains(model);
    const unseen = [
        ...(model.masquerading.unseen ? [`whom ${names.masquerading} masquerades`] : []),
        ...(hidden.size > 0 ? ["where endpoints' chains lead"] : []),
    ];
    if (unseen.length > 0) {
        findings.push(
            note(
                "nat/older-program",
                family,
                `The ${family} part of ${source} was saved by ${program(model)}, which is older than what ` +
                    `kube-proxy wrote them with and leaves out what it does not know, so ${listed(unseen)} cannot be ` +
                    "told; save them with kube-proxy's own: kubectl -n kube-system exec <the node's kube-proxy pod> " +
                    "-- iptables-save -c.",
            ),
        );
    }
    if (!model.masquerading.applied && !model.masquerading.unseen) {
        const why =
            model.masquerading.mark === undefined
                ? `${names.mark} sets no mark`
                : `${names.masquerading} does not masquerade what carries the mark ${model.masquerading.mark}`;
        findings.push(
            problem(
                "nat/no-masquerade",
                `${family} ${names.mark}`,
                `${why} in ${table} of ${source}, so answers to masqueraded connections do not ` +
                    "find back; restart kube-proxy on that node.",
            ),
        );
    }
    for (const { from, to, missing } of model.brokenJumps) {
        // A broken jump from a Service's own chains is a finding of that Service.
        if (/^KUBE-(SVC|SVL|EXT|FW|SERVICES|NODEPORTS)/.test(from) && /^KUBE-(SEP|SVC|SVL|EXT|FW)-/.test(to)) continue;
        findings.push(
            problem(
                "nat/missing-chain",
                from,
                `The chain ${from} leads to ${to}, which is ${missing ? "missing" : "empty"} in ${source}; ` +
                    "restart kube-proxy on that node.",
            ),
        );
    }
    const inOurs = model.foreign.filter(({ table: of, rule }) =>
        mode === "nftables" ? of === OWN_TABLE : isKubeProxys(rule.chain) && !hidden.has(rule.chain),
    );
    for (const chain of new Set(inOurs.map(({ rule }) => rule.chain))) {
        const rules = inOurs.filter(({ rule }) => rule.chain === chain).map(({ rule }) => rule.text);
        findings.push(
            note(
                "nat/foreign-rule",
                chain,
                `The chain ${chain} holds what kube-proxy does not write: ${listed(rules, 3)}.`,
            ),
        );
    }
    return findings;
}

/** The table of kube-proxy's nftables mode, all of whose chains are its own. */
const OWN_TABLE = "kube-proxy";

const program = ({ version }: NatModel): string => (version === undefined ? "a program" : `iptables ${version}`);

/** Chains of endpoints whose rules an older program saved without telling where they lead. */
const hiddenChains = ({ services }: NatModel): ReadonlySet<string> =>
    new Set(
        services
            .flatMap(({ cluster, local }) => [...(cluster?.endpoints ?? []), ...(local?.endpoints ?? [])])
            .filter(({ unseen }) => unseen)
            .map(({ chain }) => chain),
    );
