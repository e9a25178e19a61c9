import { counted, problemsOf } from "../finding";
import type { MeshReport } from "../report";
import { html, Markup } from "./html";
import { trafficSection } from "./natCards";
import { captureSection, checksSection, endpointsSection, findingsSection, injectionSection } from "./sections";
import { STYLE } from "./style";
import { narrowTopology, wideTopology } from "./topologySvg";

/** The whole picture as one page that needs nothing else: no script, no font, no network. */
export function renderPage(report: MeshReport): string {
    const { cluster, at, namespaces, findings, checks, topology, nat, injection, proxies, endpoints } = report;
    const problems = problemsOf(findings).length;
    const roots = new Set(injection?.controlPlanes.map(({ namespace }) => namespace));
    const sections: [id: string, title: string, body: Markup | undefined][] = [
        ["findings", "Findings", findingsSection(findings)],
        ["checks", "Checks", checks && checksSection(checks)],
        [
            "topology",
            "Topology",
            topology &&
                injection &&
                html`<div class="card topology">${wideTopology({ topology, controlPlanes: injection.controlPlanes })}${narrowTopology({ topology, controlPlanes: injection.controlPlanes })}</div>`,
        ],
        ["traffic", "From Services to pods", nat && trafficSection(nat, findings, roots)],
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
<title>Mesh of ${cluster.context}: ${problems === 0 ? "nothing is wrong" : counted(problems, "problem")}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<main>
<header><div><h1>Mesh of ${cluster.context}</h1><p class="soft">${cluster.server}, Kubernetes ${cluster.version}; namespaces ${namespaces.join(", ") || "none"}; looked at ${at.replace("T", " ").replace(/\.\d+Z$/, " UTC")}</p></div><span class="pill verdict ${problems === 0 ? "good" : "bad"}">${problems === 0 ? "Nothing is wrong" : counted(problems, "problem")}</span></header>
<nav>${shown.map(([id, title]) => html`<a href="#${id}">${title}</a>`)}</nav>
${shown.map(([id, title, body]) => html`<section id="${id}"><h2>${title}</h2>${body}</section>\n`)}
<footer>Made by <code>npm run inspect</code>: read from the API server and a node's rules; nothing was changed.</footer>
</main>
</body>
</html>
`.text;
}
