import { type PathEndpoint, pathName, percent, type ServicePath } from "../join";
import { CHAINS, formatHostPort } from "../nat";
import type { NatReport } from "../report";
import { type Cell, type Style, table } from "./table";

/** The paths as one table, a line an endpoint. */
export function natTable({ paths, ...nat }: NatReport, style: Style): string {
    const rows = paths.flatMap((path): Cell[][] => {
        const endpoints = path.endpoints.length > 0 ? path.endpoints : path.localEndpoints;
        const first: Cell[] = [pathName(path), entryText(path), chainCell(path, familyOf(nat, path), style)];
        if (endpoints.length === 0) return [[...first, "", "", "", ""]];
        return endpoints.map((endpoint, at) => [
            ...(at === 0 ? first : ["", "", ""]),
            endpoint.chain,
            percent(endpoint.share),
            formatHostPort(endpoint),
            podCell(endpoint, style),
        ]);
    });
    const body =
        rows.length > 0
            ? table(["SERVICE PORT", "REACHED AT", "CHAIN", "ENDPOINT CHAIN", "SHARE", "DNAT TO", "POD"], rows, style)
            : "There are no Services with a cluster IP in these namespaces.";
    return [summary({ paths, ...nat }), body, foreignText({ paths, ...nat }, style)]
        .filter((part) => part !== "")
        .join("\n\n");
}

type NatFamily = NatReport["families"][number];

const familyOf = ({ families }: Pick<NatReport, "families">, path: ServicePath): NatFamily | undefined =>
    families.find(({ family }) => family === path.family);

function chainCell(path: ServicePath, family: NatFamily | undefined, style: Style): Cell {
    if (!family) return { text: "not provable here", paint: style.faint };
    return path.chain ?? path.localChain ?? { text: refused(path) ?? "none", paint: style.bad };
}

function entryText({ entries }: ServicePath): string {
    return entries
        .map(({ kind, address, port }) =>
            kind === "node port" ? `node port ${port}` : formatHostPort({ address: address ?? "", port }),
        )
        .join(", ");
}

const refused = ({ entries }: ServicePath) =>
    entries.find(({ target }) => target === "REJECT" || target === "DROP")?.target;

function podCell({ pod, opens, current }: PathEndpoint, style: Style): Cell {
    if (!current) return { text: "stale: no EndpointSlice holds it", paint: style.bad };
    if (!pod) return "no pod";
    return `${pod.name} ${openedBy(opens)}`.trim();
}

function openedBy(opens: PathEndpoint["opens"]): string {
    if (!opens) return "(port not declared)";
    return "listener" in opens ? `(listener ${opens.listener})` : `(container ${opens.container})`;
}

function summary({ source, node, families }: NatReport): string {
    const lines = families.map(({ family, mode, backend, services, masquerading: { mark, applied } }) => {
        const sets = mark === undefined ? "sets no mark" : `sets ${mark}`;
        const masqueraded = mark !== undefined && applied ? " and what carries it is masqueraded" : "";
        const name = `${family}${mode === "nftables" ? " (nftables mode)" : backend ? ` (${backend})` : ""}`;
        return `${name}: ${services} Service ports, ${CHAINS[mode].mark} ${sets}${masqueraded}`;
    });
    const rules = `${source[0]!.toUpperCase()}${source.slice(1)}`;
    const of = node === undefined || source.includes(node) ? "" : `, node ${node}`;
    return [`${rules}${of}`, ...lines].join("\n");
}

/** Rules that are not kube-proxy's, as they stand; none is left out. */
function foreignText({ families, unreadable, warnings }: NatReport, style: Style): string {
    const lines = [
        ...families.flatMap(({ family, foreign }) =>
            foreign.map(({ table: of, text }) => `  ${family} ${of}  ${text}`),
        ),
        ...unreadable.map(({ line, text }) => `  line ${line}  ${text}`),
    ];
    const leftovers = families.flatMap(({ family, unreferenced }) =>
        unreferenced.flatMap(({ chain, rules }) => [`  ${family}  ${chain}`, ...rules.map((rule) => `    ${rule}`)]),
    );
    return [
        lines.length > 0 ? `${style.faint("RULES THAT ARE NOT KUBE-PROXY'S, AS THEY STAND")}\n${lines.join("\n")}` : "",
        leftovers.length > 0 ? `${style.faint("CHAINS THAT NOTHING LEADS TO")}\n${leftovers.join("\n")}` : "",
        ...warnings.map((warning) => `the saving program warns: ${warning}`),
    ]
        .filter((part) => part !== "")
        .join("\n\n");
}

/** One path as the walkthrough follows it, chain by chain. */
function natTrace(path: ServicePath, family: NatFamily | undefined, style: Style): string {
    const lines = [
        `${style.strong(pathName(path))}  ${path.type}, ${path.protocol}, ${path.family}, target port ` +
            `${path.targetPort}`,
    ];
    for (const { kind, address, port, target, reason } of path.entries) {
        const at = address === undefined ? String(port) : formatHostPort({ address, port });
        lines.push(`  ${kind} ${at} -> ${target}${reason ? style.bad(` (${reason})`) : ""}`);
    }
    if (path.firewall) lines.push(`  ${path.firewall.chain}: only from ${path.firewall.sources.join(", ")}`);
    if (path.external) {
        lines.push(`  ${path.external.chain}`);
        if (path.external.masquerade) lines.push(masqueradeLine(path.external.masquerade, family));
        const { ways } = path.external;
        for (const { when, target } of ways)
            lines.push(`    ${when === "all" ? (ways.length > 1 ? "all else" : "all") : `from ${when}`} -> ${target}`);
    }
    const marked = path.masquerade === undefined ? "" : masqueradeLine(path.masquerade, family);
    const chains = [[path.chain, path.endpoints] as const, [path.localChain, path.localEndpoints] as const];
    for (const [at, [chain, endpoints]] of chains.entries()) {
        if (chain === undefined) continue;
        lines.push(`  ${chain}${at === 1 ? " (endpoints on this node)" : ""}`);
        if (marked !== "" && (at === 0 || path.chain === undefined)) lines.push(marked);
        if (path.affinitySeconds !== undefined)
            lines.push(`    a client returns to its endpoint for ${path.affinitySeconds} s`);
        const rows = endpoints.map((endpoint): Cell[] => [
            percent(endpoint.share),
            probabilityText(endpoint),
            endpoint.chain,
            [formatHostPort(endpoint), ...endpoint.options].join(" "),
            endpoint.pod?.version ?? "",
            podCell(endpoint, style),
            endpoint.packets === undefined ? "" : String(endpoint.packets),
        ]);
        lines.push(
            table(
                ["SHARE", "PROBABILITY", "ENDPOINT CHAIN", "DNAT TO", "VERSION", "POD", "CONNECTIONS"],
                rows,
                style,
                "    ",
            ),
        );
    }
    if (!family) lines.push("  not provable here");
    if (path.lost > 1e-4) lines.push(style.bad(`  ${percent(path.lost)} of the connections are taken by no rule`));
    return lines.join("\n");
}

function masqueradeLine(when: string, family: NatFamily | undefined): string {
    const { mark: chain } = CHAINS[family?.mode ?? "iptables"];
    const mark = family?.masquerading.mark;
    return `    masquerade ${when} (${chain}${mark === undefined ? "" : `, MARK or ${mark}`})`;
}

function probabilityText({ probability, drawn }: PathEndpoint): string {
    if (drawn) return `${drawn.numbers} of ${drawn.of}`;
    return probability === undefined ? "the rest" : probability.toFixed(11);
}

/** Traces of each path, for one Service. */
export function natTraces(nat: NatReport, style: Style): string {
    return [
        summary(nat),
        ...nat.paths.map((path) => natTrace(path, familyOf(nat, path), style)),
        foreignText(nat, style),
    ]
        .filter((part) => part !== "")
        .join("\n\n");
}
