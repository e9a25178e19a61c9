import type { Check } from "../doctor";
import type { EndpointReport } from "../endpoints";
import { counted, type Finding, problemsOf } from "../finding";
import type { InjectionReport, PodInjection } from "../mesh/injection";
import type { ProxyReport } from "../mesh/proxy";
import { html, type Markup } from "./html";

export function findingsSection(findings: readonly Finding[]): Markup {
    const problems = problemsOf(findings);
    const notes = findings.filter(({ severity }) => severity === "note");
    const items = (some: readonly Finding[]) => html`<ul class="findings">${some.map(findingItem)}</ul>`;
    return html`
        ${problems.length === 0 && html`<p class="soft">Nothing is wrong: every check below holds.</p>`}
        ${problems.length > 0 && items(problems)}
        ${
            notes.length > 0 &&
            html`<details><summary>${counted(notes.length, "note")}</summary>${items(notes)}</details>`
        }
    `;
}

const findingItem = ({ severity, subject, message }: Finding): Markup =>
    html`<li class="card ${severity}"><strong>${subject}</strong><span>${message}</span></li>`;

export function checksSection(checks: readonly Check[]): Markup {
    const groups = [...new Set(checks.map(({ group }) => group))];
    const rows = (group: string) => checks.filter((check) => check.group === group).map(checkRow);
    return html`<div class="checks">${groups.map(
        (group) => html`<section class="card"><h3>${group}</h3><dl>${rows(group)}</dl></section>`,
    )}</div>`;
}

const checkRow = ({ title, state, seen }: Check): Markup => html`
    <div>
        <span class="sign ${state}" role="img" aria-label="${state}"></span>
        <dt>${title}${state === "problem" && html` <span class="pill bad">problem</span>`}</dt>
        <dd>${seen}</dd>
    </div>
`;

/** A table with these heads. */
const listTable = (heads: readonly string[], rows: readonly Markup[]): Markup => html`
    <div class="card">
        <table class="list">
            <thead><tr>${heads.map((head) => html`<th>${head}</th>`)}</tr></thead>
            <tbody>${rows}</tbody>
        </table>
    </div>
`;

/** A name with a smaller line below it. */
const twoLines = (first: string, second: string | undefined): Markup =>
    html`<span>${first}${second !== undefined && html`<br><span class="soft small">${second}</span>`}</span>`;

export function injectionSection({ namespaces, pods, controlPlanes }: InjectionReport): Markup {
    const asked = namespaces
        .filter(({ expected }) => expected)
        .map(({ name, label }) => `${name} (${label ?? "no label"})`);
    const planes = controlPlanes.map(
        ({ namespace, name, version, revision }) => `${namespace}/${name} ${version ?? ""}, revision ${revision}`,
    );
    const shown = pods.toSorted((a, b) => Number(b.expected) - Number(a.expected));
    return html`
        <p class="soft small">
            Sidecars expected in ${asked.join(", ") || "no namespace"}. Control plane ${planes.join("; ") || "none"}.
        </p>
        ${listTable(["POD", "READY", "CONTAINERS", "PROXY"], shown.map(podRow))}
    `;
}

function podRow(pod: PodInjection): Markup {
    const containers = [...pod.initContainers, ...pod.containers].map(
        ({ name }) => html`<span class="chip${name.startsWith("istio-") && " proxy"}">${name}</span>`,
    );
    const readiness = html`<span class="pill ${pod.ready ? "good" : "bad"}">${pod.readyContainers}</span>`;
    return html`
        <tr>
            <td data-head="Pod">${twoLines(pod.pod, pod.namespace)}</td>
            <td class="keep" data-head="Ready">${readiness}</td>
            <td data-head="Containers"><span class="chips">${containers}</span></td>
            <td data-head="Proxy">${proxyState(pod)}</td>
        </tr>
    `;
}

function proxyState({ role, proxyVersion, controlPlaneVersion, proxyImage, expected, why }: PodInjection): Markup {
    if (role === "sidecar" || role === "gateway") {
        const same = controlPlaneVersion === undefined || controlPlaneVersion === proxyVersion;
        const version = `${role} ${proxyVersion ?? "of unknown version"}`;
        const pill = html`<span class="pill ${same ? "good" : "bad"}">${version}</span>`;
        return html`<span>${pill} <span class="soft small">${proxyImage}</span></span>`;
    }
    if (why !== undefined) return html`<span class="pill bad">none: ${why}</span>`;
    return html`<span class="soft">${role === "plain" ? (expected ? "none" : "not asked for") : role}</span>`;
}

/** How traffic is captured, once for each kind of pod. */
export function captureSection(proxies: readonly ProxyReport[]): Markup {
    const kinds = new Map<string, ProxyReport[]>();
    for (const proxy of proxies) {
        const key = JSON.stringify([proxy.capture?.arguments, proxy.proxy.domain, proxy.role]);
        kinds.set(key, [...(kinds.get(key) ?? []), proxy]);
    }
    return listTable(["PODS", "INBOUND", "OUTBOUND", "NOT CAPTURED", "DOMAIN"], [...kinds.values()].map(captureRow));
}

/** A row for pods whose traffic is captured in the same way. */
function captureRow(same: readonly ProxyReport[]): Markup {
    const { capture, proxy, role, pod } = same[0]!;
    const pods = same.length === 1 ? pod : `${same.length} ${role === "gateway" ? "gateways" : "pods with a sidecar"}`;
    const all = (captured: readonly string[]) => (captured.includes("*") ? "all" : captured.join(", ") || "nothing");
    const excluded = capture?.inbound.excluded.map(({ port }) => port).join(", ");
    const [inbound, outbound, notCaptured] = capture
        ? [
              `${all(capture.inbound.captured)} to ${capture.inboundPort}, ${capture.mode}`,
              `${all(capture.outbound.captured)} to ${capture.outboundPort}`,
              `inbound ${excluded}; user ${capture.user}`,
          ]
        : ["Envoy itself listens", "by Envoy itself", ""];
    return html`
        <tr>
            <td data-head="Pods">${pods}</td>
            <td data-head="Inbound">${inbound}</td>
            <td data-head="Outbound">${outbound}</td>
            <td data-head="Not captured">${notCaptured}</td>
            <td data-head="Domain"><code>${proxy.domain ?? ""}</code></td>
        </tr>
    `;
}

export function endpointsSection(endpoints: readonly EndpointReport[]): Markup {
    const rows = endpoints.flatMap((endpoint) => endpoint.ports.map((port) => endpointRow(endpoint, port)));
    return listTable(["ENDPOINT", "SERVICE", "PORT", "READY", "ANSWERS"], rows);
}

function endpointRow({ name, namespace, service }: EndpointReport, port: EndpointReport["ports"][number]): Markup {
    const { state, text } = port.answer;
    const colour = state === "answers" ? "good" : state === "fails" ? "bad" : "calm";
    const answer = html`<span class="pill ${colour}">${state}</span> <span class="soft small">${text}</span>`;
    return html`
        <tr>
            <td class="keep" data-head="Endpoint">${name}</td>
            <td data-head="Service">${twoLines(service, namespace)}</td>
            <td data-head="Port">${twoLines(`${port.port} ${port.name}`, port.url)}</td>
            <td class="keep" data-head="Ready">
                <span class="pill ${port.ready > 0 ? "good" : "bad"}">${port.ready}</span>
            </td>
            <td data-head="Answers"><span>${answer}</span></td>
        </tr>
    `;
}
