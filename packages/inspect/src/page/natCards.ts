import { counted, type Finding } from "../finding";
import { type PathEndpoint, pathName, percent, type ServicePath } from "../join";
import { CHAINS, formatHostPort } from "../nat";
import type { NatReport } from "../report";
import { html, type Markup } from "./html";

/** Colours of shares; from the ninth endpoint on they repeat. */
const COLOURS = 8;
/** Less than this part of the connections is a difference of rounding. */
const NOTHING_LOST = 1e-4;

/** Namespaces of control planes are closed at first: the mesh's own workloads come first. */
export function natSection(nat: NatReport, findings: readonly Finding[], closed: ReadonlySet<string>): Markup {
    const wrong = new Set(findings.filter(({ severity }) => severity === "problem").map(({ subject }) => subject));
    const namespaces = [...new Set(nat.paths.map(({ namespace }) => namespace))].toSorted(
        (a, b) => Number(closed.has(a)) - Number(closed.has(b)) || a.localeCompare(b),
    );
    const sections = namespaces.map((namespace) => {
        const paths = nat.paths.filter((path) => path.namespace === namespace);
        const open = !closed.has(namespace) || paths.some((path) => wrong.has(pathName(path)));
        const count = html`<span class="soft small">${paths.length} Service ports</span>`;
        const cards = paths.map((path) => pathCard(path, familyOf(nat, path), wrong.has(pathName(path))));
        return html`
            <details class="space"${open && html` open`}>
                <summary>${namespace} ${count}</summary>
                <div class="paths">${cards}</div>
            </details>
        `;
    });
    return html`<p class="soft small">${summary(nat)}</p>${sections}${foreignRules(nat)}`;
}

function summary({ source, node, families }: NatReport): string {
    const said = families.map(({ family, mode, backend, services, masquerading: { mark } }) => {
        const marks = mark === undefined ? "sets no mark" : `sets ${mark}`;
        const by = mode === "nftables" ? " (nftables mode)" : backend ? ` (${backend})` : "";
        return `${family}${by}: ${services} Service ports, ${CHAINS[mode].mark} ${marks}`;
    });
    const rules = `${source[0]!.toUpperCase()}${source.slice(1)}`;
    return `${rules}${node === undefined || source.includes(node) ? "" : `, node ${node}`}. ${said.join("; ") || "Not provable by NAT rules here"}.`;
}

type NatFamily = NatReport["families"][number];

const familyOf = ({ families }: NatReport, { family }: ServicePath): NatFamily | undefined =>
    families.find((each) => each.family === family);

function pathCard(path: ServicePath, of: NatFamily | undefined, wrong: boolean): Markup {
    const { service, portName, type, protocol, port, family, affinitySeconds } = path;
    return html`
        <article class="card path${wrong && " wrong"}">
            <div class="pathhead">
                <h3>${service}${portName !== "" && html`<span class="soft">:${portName}</span>`}</h3>
                <span class="soft small">${type}, ${protocol} ${port}, ${family}</span>
                ${affinitySeconds !== undefined && html`<span class="pill calm">affinity ${affinitySeconds} s</span>`}
                ${wrong && html`<span class="pill bad">problem</span>`}
            </div>
            ${of ? flow(path, of.masquerading.mark) : html`<p class="soft">not provable by NAT rules here</p>`}
        </article>
    `;
}

function flow(path: ServicePath, mark: string | undefined): Markup {
    return html`
            <div class="flow">
                <div class="step"><b>REACHED AT</b>${entries(path)}</div>
                <div class="to"></div>
                <div class="step"><b>CHAINS</b>${chains(path, mark)}</div>
                <div class="to"></div>
                <div class="shares">${endpoints(path)}</div>
            </div>
    `;
}

function entries({ entries: all }: ServicePath): Markup | Markup[] {
    if (all.length === 0) return html`<p>caught by no rule</p>`;
    return all.map(({ kind, address, port }) => {
        const at = address === undefined ? port : formatHostPort({ address, port });
        return html`<p>${kind} <code>${at}</code></p>`;
    });
}

function chains(path: ServicePath, mark: string | undefined): Markup {
    const { chain, localChain, external, firewall, masquerade } = path;
    const named = (name: string) => html`<p><code>${name}</code></p>`;
    const aside = (text: string) => html`<p class="soft small">${text}</p>`;
    const marking = (when: string | undefined) =>
        when !== undefined && aside(`masquerade ${when}${mark === undefined ? "" : `, mark ${mark}`}`);
    return html`
        ${firewall && [named(firewall.chain), aside(`from ${firewall.sources.join(", ")}`)]}
        ${external && [named(external.chain), marking(external.masquerade)]}
        ${chain !== undefined && named(chain)}
        ${localChain !== undefined && [named(localChain), aside("endpoints on this node")]}
        ${marking(masquerade)}
        ${chain === undefined && localChain === undefined && refusal(path)}
    `;
}

function refusal({ entries: all }: ServicePath): Markup {
    const refused = all.find(({ target }) => target === "REJECT" || target === "DROP");
    const why = refused?.reason !== undefined && html` <span class="soft small">${refused.reason}</span>`;
    return html`<p><code>${refused?.target ?? "none"}</code>${why}</p>`;
}

function endpoints(path: ServicePath): Markup {
    const all = path.endpoints.length > 0 ? path.endpoints : path.localEndpoints;
    if (all.length > 0) return shares(all, path.lost);
    const outcome = path.entries.some(({ target }) => target === "DROP") ? "dropped" : "refused";
    return html`<p class="soft">No endpoint: connections are ${outcome}.</p>`;
}

function shares(all: readonly PathEndpoint[], lost: number): Markup {
    const colour = (at: number) => `var(--s${(at % COLOURS) + 1})`;
    const loses = lost > NOTHING_LOST;
    const bar = all.length > 1 || loses;
    const part = (share: number, of: string) =>
        html`<span style="flex:${Math.max(share, 0.001).toFixed(4)};background:${of}"></span>`;
    const label = all.map(({ share }) => percent(share)).join(", ");
    const lostRow = html`<tr>${shareCell(lost, "var(--bad)")}<td colspan="2">taken by no rule</td></tr>`;
    return html`
        ${
            bar &&
            html`
            <div class="bar" role="img" aria-label="${label}">
                ${all.map(({ share }, at) => part(share, colour(at)))}${loses && part(lost, "var(--bad)")}
            </div>
        `
        }
        <table class="ends">
            <tbody>
                ${all.map((endpoint, at) => endpointRow(endpoint, bar ? colour(at) : "var(--faint)"))}
                ${loses && lostRow}
            </tbody>
        </table>
    `;
}

const shareCell = (share: number, colour: string): Markup =>
    html`<td class="share"><span class="dot" style="background:${colour}"></span>${percent(share)}</td>`;

function endpointRow(endpoint: PathEndpoint, colour: string): Markup {
    const { share, probability, drawn, chain, address, port, pod, current, options } = endpoint;
    const version = pod?.version !== undefined && html`<span class="pill calm">${pod.version}</span>`;
    const where = pod ? html`<span>${pod.name}</span> ${version}` : html`<span class="soft">no pod</span>`;
    return html`
        <tr>
            ${shareCell(share, colour)}
            <td>
                <code>${formatHostPort({ address, port })}</code>
                ${options.length > 0 && html` <code>${options.join(" ")}</code>`}
                <br><span class="soft small mono">${chain}</span>
                ${
                    probability !== undefined &&
                    html`<br><span class="soft small">probability ${probability.toFixed(11)}</span>`
                }
                ${drawn && html`<br><span class="soft small">${drawn.numbers} of ${drawn.of} numbers</span>`}
            </td>
            <td>
                ${where}<br><span class="soft small">${openedBy(endpoint)}</span>
                ${!current && html` <span class="pill bad">stale</span>`}
            </td>
        </tr>
    `;
}

function openedBy({ pod, opens }: PathEndpoint): string {
    if (opens === undefined) return pod ? "port not declared" : "";
    return "listener" in opens ? `listener of ${opens.listener}` : `containerPort of ${opens.container}`;
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
    const text = [...warnings.map((warning) => `the saving program warns: ${warning}`), ...lines, ...leftovers].join(
        "\n",
    );
    const count = html`<span class="soft small">${counted(lines.length, "rule")}</span>`;
    return html`
        <details class="space">
            <summary>Rules that are not kube-proxy's, as they stand ${count}</summary>
            <div class="card"><pre>${text}</pre></div>
        </details>
    `;
}
