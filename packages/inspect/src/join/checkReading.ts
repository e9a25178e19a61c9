import { type Finding, listed, note, problem } from "../finding";
import type { Family, NatModel, NatReading } from "../nat";

/**
 * What is wrong with a rule set as a whole.
 *
 * @param families families of the cluster IPs that the cluster has given out
 */
export function checkReading(reading: NatReading, families: ReadonlySet<Family>, source: string): Finding[] {
    const findings: Finding[] = [];
    for (const family of families) {
        if (!reading.models.some((model) => model.family === family)) {
            const save = family === "IPv6" ? "ip6tables-save" : "iptables-save";
            findings.push(
                problem(
                    "nat/no-rules",
                    family,
                    `There is no ${family} chain KUBE-SERVICES in ${source}, though Services have ${family} ` +
                        "cluster IPs: kube-proxy there uses nftables or IPVS, another program serves Services, or " +
                        `${save} was not saved along.`,
                ),
            );
        }
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
                `The table ${table} has no COMMIT in ${source}, so the text is cut off; save the rules again.`,
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

function checkModel(model: NatModel, source: string): Finding[] {
    const findings: Finding[] = [];
    const { family } = model;
    for (const hook of ["PREROUTING", "OUTPUT"] as const) {
        if (!model.hooks.includes(hook)) {
            findings.push(
                problem(
                    "nat/not-hooked",
                    `${family} ${hook}`,
                    `The chain ${hook} of the ${family} nat table does not lead to KUBE-SERVICES in ${source}, ` +
                        `so ${hook === "OUTPUT" ? "connections from the node itself" : "connections of pods"} reach ` +
                        "no Service; restart kube-proxy on that node.",
                ),
            );
        }
    }
    if (!model.masquerading.applied) {
        const why =
            model.masquerading.mark === undefined
                ? "KUBE-MARK-MASQ sets no mark"
                : `KUBE-POSTROUTING does not masquerade what carries the mark ${model.masquerading.mark}`;
        findings.push(
            problem(
                "nat/no-masquerade",
                `${family} KUBE-MARK-MASQ`,
                `${why} in the ${family} nat table of ${source}, so answers to masqueraded connections do not ` +
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
    const inOurs = model.foreign.filter(({ rule }) => rule.chain.startsWith("KUBE-"));
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
