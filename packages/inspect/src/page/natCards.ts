import { counted, type Finding } from "../finding";
import { type PathEndpoint, pathName, percent, type ServicePath } from "../join";
import { formatHostPort } from "../nat";
import type { NatReport } from "../report";
import { html, type Markup } from "./html";

/** Colours of shares; from the ninth endpoint on they repeat. */
const COLOURS = 8;
/** Namespaces of control planes are closed at first: the mesh's own workloads come first. */
export function trafficSection(nat: NatReport, findings: readonly Finding[], closed: ReadonlySet<string>): Markup {
    const wrong = new Set(findings.filter(({ severity }) => severity === "problem").map(({ subject }) => subject));
    const namespaces = [...new Set(nat.paths.map(({ namespace }) => namespace))].toSorted(
        (a, b) => Number(closed.has(a)) - Number(closed.has(b)) || a.localeCompare(b),
    );
    return html`<p class="soft small">${summary(nat)}</p>${namespaces.map((namespace) => {
        const paths = nat.paths.filter((path) => path.namespace === namespace);
        const open = !closed.has(namespace) || paths.some((path) => wrong.has(pathName(path)));
        return html`<details class="space"${open && html` open`}><summary>${namespace} <span class="soft small">${paths.length} Service ports</span></summary><div class="paths">${paths.map((path) => pathCard(path, markOf(nat, path), wrong.has(pathName(path))))}</div></details>`;
    })}${foreignRules(nat)}`;
}

function summary({ source, node, families }: NatReport): string {
    const said = families.map(
        ({ family, backend, services, masquerading }) =>
            `${family}${backend ? ` (${backend})` : ""}: ${services} Service ports, KUBE-MARK-MASQ ` +
            `${masquerading.mark === undefined ? "sets no mark" : `sets ${masquerading.mark}`}`,
    );
    return (
        `${source[0]!.toUpperCase()}${source.slice(1)}${node === undefined || source.includes(node) ? "" : `, node ${node}`}. ` +
        `${said.join("; ")}.`
    );
}

const markOf = ({ families }: NatReport, { family }: ServicePath) =>
    families.find((each) => each.family === family)?.masquerading.mark;

function pathCard(path: ServicePath, mark: string | undefined, wrong: boolean): Markup {
    const both = path.endpoints.length > 0 ? path.endpoints : path.localEndpoints;
    return html`<article class="card path${wrong && " wrong"}"><div class="pathhead"><h3>${path.service}${path.portName !== "" && html`<span class="soft">:${path.portName}</span>`}</h3><span class="soft small">${path.type}, ${path.protocol} ${path.port}, ${path.family}</span>${path.affinitySeconds !== undefined && html`<span class="pill calm">affinity ${path.affinitySeconds} s</span>`}${wrong && html`<span class="pill bad">problem</span>`}</div>
<div class="flow"><div class="step"><b>REACHED AT</b>${path.entries.length === 0 ? html`<p>caught by no rule</p>` : path.entries.map(({ kind, address, port }) => html`<p>${kind} <code>${address === undefined ? port : formatHostPort({ address, port })}</code></p>`)}</div><div class="to"></div>
<div class="step"><b>CHAINS</b>${chains(path, mark)}</div><div class="to"></div>
<div class="shares">${both.length === 0 ? html`<p class="soft">No endpoint: connections are ${path.entries.some(({ target }) => target === "DROP") ? "dropped" : "refused"}.</p>` : shares(both, path.lost)}</div></div></article>`;
}

function chains(
    { entries, chain, localChain, external, firewall, masquerade }: ServicePath,
    mark: string | undefined,
): Markup {
    const marking = (when: string) =>
        html`<p class="soft small">masquerade ${when}${mark !== undefined && `, mark ${mark}`}</p>`;
    const refused = entries.find(({ target }) => target === "REJECT" || target === "DROP");
    return html`${firewall && html`<p><code>${firewall.chain}</code></p><p class="soft small">from ${firewall.sources.join(", ")}</p>`}${external && html`<p><code>${external.chain}</code></p>${external.masquerade !== undefined && marking(external.masquerade)}`}${chain !== undefined && html`<p><code>${chain}</code></p>`}${localChain !== undefined && html`<p><code>${localChain}</code></p><p class="soft small">endpoints on this node</p>`}${masquerade !== undefined && marking(masquerade)}${chain === undefined && localChain === undefined && html`<p><code>${refused?.target ?? "none"}</code>${refused?.reason !== undefined && html` <span class="soft small">${refused.reason}</span>`}</p>`}`;
}

function shares(endpoints: readonly PathEndpoint[], lost: number): Markup {
    const colour = (at: number) => `var(--s${(at % COLOURS) + 1})`;
    const bar = endpoints.length > 1 || lost > 1e-4;
    return html`${bar && html`<div class="bar" role="img" aria-label="${endpoints.map(({ share }) => percent(share)).join(", ")}">${endpoints.map(({ share }, at) => html`<span style="flex:${Math.max(share, 0.001).toFixed(4)};background:${colour(at)}"></span>`)}${lost > 1e-4 && html`<span style="flex:${lost.toFixed(4)};background:var(--bad)"></span>`}</div>`}<table class="ends"><tbody>${endpoints.map((endpoint, at) => endpointRow(endpoint, bar ? colour(at) : "var(--faint)"))}${lost > 1e-4 && html`<tr><td class="share"><span class="dot" style="background:var(--bad)"></span>${percent(lost)}</td><td colspan="2">taken by no rule</td></tr>`}</tbody></table>`;
}

function endpointRow(
    { share, probability, chain, address, port, pod, opens, current, options }: PathEndpoint,
    colour: string,
): Markup {
    const where = pod
        ? html`<span>${pod.name}</span> ${pod.version !== undefined && html`<span class="pill calm">${pod.version}</span>`}`
        : html`<span class="soft">no pod</span>`;
    const by =
        opens === undefined
            ? pod
                ? "port not declared"
                : ""
            : "listener" in opens
              ? `listener of ${opens.listener}`
              : `containerPort of ${opens.container}`;
    return html`<tr><td class="share"><span class="dot" style="background:${colour}"></span>${percent(share)}</td><td><code>${formatHostPort({ address, port })}</code>${options.length > 0 && html` <code>${options.join(" ")}</code>`}<br><span class="soft small mono">${chain}</span>${probability !== undefined && html`<br><span class="soft small">probability ${probability.toFixed(11)}</span>`}</td><td>${where}<br><span class="soft small">${by}</span>${!current && html` <span class="pill bad">stale</span>`}</td></tr>`;
}

function foreignRules({ families, unreadable, warnings }: NatReport): Markup | undefined {
    const lines = [
        ...families.flatMap(({ family, foreign }) => foreign.map(({ table, text }) => `${family} ${table}  ${text}`)),
        ...unreadable.map(({ line, text }) => `line ${line}  ${text}`),
    ];
    const leftovers = families.flatMap(({ family, unreferenced }) =>
        unreferenced.flatMap(({ chain, rules }) => [
            `${family} ${chain}  (nothing leads to it)`,
            ...rules.map((rule) => `  ${rule}`),
        ]),
    );
    if (lines.length + leftovers.length + warnings.length === 0) return undefined;
    return html`<details class="space"><summary>Rules that are not kube-proxy's, as they stand <span class="soft small">${counted(lines.length, "rule")}</span></summary><div class="card"><pre>${[...warnings.map((warning) => `iptables warns: ${warning}`), ...lines, ...leftovers].join("\n")}</pre></div></details>`;
}
