import { counted, problemsOf } from "../finding";
import type { MeshReport } from "../report";
import { html, Markup } from "./html";
import { natSection } from "./natCards";
import { captureSection, checksSection, endpointsSection, findingsSection, injectionSection } from "./sections";
import { STYLE } from "./style";
import { narrowTopology, wideTopology } from "./topologySvg";

/** The whole picture as one page that needs nothing else: no script, no font, no network. */
export function renderPage(report: MeshReport): string {
    const { cluster, findings, checks, topology, nat, injection, proxies, endpoints } = report;
    const { title, verdict } = verdictOf(report);
    const roots = new Set(injection?.controlPlanes.map(({ namespace }) => namespace));
    const sections: [id: string, title: string, body: Markup | undefined][] = [
        ["findings", "Findings", findingsSection(findings)],
        ["checks", "Checks", checks && checksSection(checks)],
        ["topology", "Topology", topology && injection && topologySection(topology, injection.controlPlanes)],
        ["nat", "From Services to pods", nat && natSection(nat, findings, roots)],
        ["injection", "Injection", injection && injectionSection(injection)],
        ["capture", "Captured traffic", proxies && proxies.length > 0 ? captureSection(proxies) : undefined],
        ["endpoints", "Endpoints", endpoints && endpointsSection(endpoints)],
    ];
    const shown = sections.filter(([, , body]) => body !== undefined);
    return html`<!doctype html>
        <html lang="en">
            <head>
                <meta charset="utf-8">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
                <title>Mesh of ${cluster.context}: ${title}</title>
                <style>${new Markup(STYLE)}</style>
            </head>
            <body>
                <main>
                    <header>
                        <div><h1>Mesh of ${cluster.context}</h1><p class="soft">${subtitle(report)}</p></div>
                        ${verdict}
                    </header>
                    <nav>${shown.map(([id, heading]) => html`<a href="#${id}">${heading}</a>`)}</nav>
                    ${shown.map(
                        ([id, heading, body]) => html`<section id="${id}"><h2>${heading}</h2>${body}</section>`,
                    )}
                    <footer>
                        Made by <code>npm run inspect</code>: read from the API server and a node's rules;
                        nothing was changed.
                    </footer>
                </main>
            </body>
        </html>`.text;
}

function topologySection(
    topology: NonNullable<MeshReport["topology"]>,
    controlPlanes: NonNullable<MeshReport["injection"]>["controlPlanes"],
): Markup {
    const picture = { topology, controlPlanes };
    return html`<div class="card topology">${wideTopology(picture)}${narrowTopology(picture)}</div>`;
}

function subtitle({ cluster, namespaces, at }: MeshReport): string {
    const when = at.replace("T", " ").replace(/\.\d+Z$/, " UTC");
    const where = `${cluster.server}, Kubernetes ${cluster.version}`;
    return `${where}; namespaces ${namespaces.join(", ") || "none"}; looked at ${when}`;
}

function verdictOf({ findings }: MeshReport): { title: string; verdict: Markup } {
    const problems = problemsOf(findings).length;
    const title = problems === 0 ? "nothing is wrong" : counted(problems, "problem");
    return {
        title,
        verdict:
            problems === 0
                ? html`<span class="pill verdict good">Nothing is wrong</span>`
                : html`<span class="pill verdict bad">${title}</span>`,
    };
}
