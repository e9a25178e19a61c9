import type { Check } from "../doctor";
import type { EndpointReport } from "../endpoints";
import { counted, type Finding, problemsOf } from "../finding";
import type { MeshReport, Section } from "../report";
import { injectionText } from "./injection";
import { natTable, natTraces } from "./nat";
import { printable } from "./printable";
import { proxyText } from "./proxy";
import { type Cell, type Style, table } from "./table";
import { trafficText } from "./traffic";

/** A report for people: the tables of one section, then the findings, a sentence each. */
export function reportText(
    inspected: MeshReport,
    section: Section,
    style: Style,
    options: { readonly service?: string; readonly verbose?: boolean } = {},
): string {
    const report = printable(inspected);
    const body = sectionText(report, section, style, options);
    return [body, findingsText(report.findings, style)].filter((part) => part !== "").join("\n\n");
}

function sectionText(
    report: MeshReport,
    section: Section,
    style: Style,
    { service, verbose = false }: { service?: string; verbose?: boolean },
): string {
    switch (section) {
        case "injection":
            return report.injection ? injectionText(report.injection, style) : "";
        case "proxy":
            return (report.proxies ?? []).map((proxy) => proxyText(proxy, style)).join("\n\n");
        case "nat":
            return report.nat
                ? service === undefined
                    ? natTable(report.nat, style)
                    : natTraces(report.nat, style)
                : "";
        case "endpoints":
            return endpointsText(report.endpoints ?? [], style);
        case "traffic":
            return report.traffic ? trafficText(report.traffic, style) : "";
        case "doctor":
            return checksText(report, style, verbose);
    }
}

function endpointsText(endpoints: readonly EndpointReport[], style: Style): string {
    const rows = endpoints.flatMap(({ name, namespace, service, type, exists, ports }) =>
        ports.map((port, at): Cell[] => [
            at === 0 ? name : "",
            at === 0 ? { text: `${namespace}/${service}`, paint: exists ? (text) => text : style.bad } : "",
            at === 0 ? (type ?? "") : "",
            { text: `${port.port} ${port.name}`.trim(), paint: port.exists ? (text) => text : style.bad },
            { text: String(port.ready), paint: port.ready > 0 ? style.good : style.bad },
            {
                text:
                    `${port.answer.state === "answers" ? "yes" : port.answer.state === "fails" ? "no" : "not asked"} ` +
                    `(${port.answer.text})`,
                paint:
                    port.answer.state === "answers"
                        ? style.good
                        : port.answer.state === "fails"
                          ? style.bad
                          : style.faint,
            },
            port.url ?? "",
        ]),
    );
    return table(["ENDPOINT", "SERVICE", "TYPE", "PORT", "READY", "ANSWERS", "URL"], rows, style);
}

/** Details of one check that are shown without --verbose. */
const SHOWN = 8;

const SIGNS: Readonly<Record<Check["state"], string>> = {
    ok: "ok",
    note: "note",
    problem: "PROBLEM",
    skipped: "skipped",
};

function checksText({ cluster, namespaces, checks = [] }: MeshReport, style: Style, verbose: boolean): string {
    const paint: Readonly<Record<Check["state"], (text: string) => string>> = {
        ok: style.good,
        note: style.warn,
        problem: style.bad,
        skipped: style.faint,
    };
    const groups = [...new Set(checks.map(({ group }) => group))];
    const width = Math.max(...checks.map(({ title }) => title.length));
    const lines = [
        `Cluster of context ${cluster.context} (${cluster.server}), ${cluster.version}; namespaces ` +
            `${namespaces.length > 0 ? namespaces.join(", ") : "none of a mesh"}`,
    ];
    for (const group of groups) {
        lines.push("", style.strong(group.toUpperCase()));
        for (const { title, state, seen, details, group: of } of checks) {
            if (of !== group) continue;
            lines.push(
                `  ${paint[state](SIGNS[state].padEnd(7))}  ${title.padEnd(width)}  ` +
                    `${state === "skipped" ? style.faint(seen) : seen}`,
            );
            const shown = verbose || details.length <= SHOWN ? details : details.slice(0, SHOWN - 1);
            lines.push(...shown.map((detail) => style.faint(`           ${detail}`)));
            if (shown.length < details.length)
                lines.push(style.faint(`           and ${details.length - shown.length} more (--verbose)`));
        }
    }
    return lines.join("\n");
}

/** Each finding as its sentence, problems first, and how many there are. */
export function findingsText(findings: readonly Finding[], style: Style): string {
    const problems = problemsOf(findings).length;
    const notes = findings.length - problems;
    const lines = findings.map(({ severity, message }) =>
        severity === "problem" ? `${style.bad("problem")}  ${message}` : `${style.warn("note")}     ${message}`,
    );
    const verdict = problems === 0 ? style.good("Nothing is wrong") : style.bad(counted(problems, "problem"));
    return [
        ...lines,
        `${lines.length > 0 ? "\n" : ""}${verdict}${notes > 0 ? `, ${counted(notes, "note")}` : ""}.`,
    ].join("\n");
}
