import type { Check } from "../doctor";
import type { EndpointReport } from "../endpoints";
import { counted, type Finding, problemsOf } from "../finding";
import type { InjectionReport, PodInjection } from "../mesh/injection";
import type { ProxyReport } from "../mesh/proxy";
import { html, type Markup } from "./html";

export function findingsSection(findings: readonly Finding[]): Markup {
    const problems = problemsOf(findings);
    const notes = findings.filter(({ severity }) => severity === "note");
    const item = ({ severity, subject, message }: Finding) =>
        html`<li class="card ${severity}"><strong>${subject}</strong><span>${message}</span></li>`;
    return html`${problems.length === 0 ? html`<p class="soft">Nothing is wrong: every check below holds.</p>` : html`<ul class="findings">${problems.map(item)}</ul>`}${notes.length > 0 && html`<details><summary>${counted(notes.length, "note")}</summary><ul class="findings">${notes.map(item)}</ul></details>`}`;
}

export function checksSection(checks: readonly Check[]): Markup {
    const groups = [...new Set(checks.map(({ group }) => group))];
    const row = ({ title, state, seen }: Check) =>
        html`<div><span class="sign ${state}" role="img" aria-label="${state}"></span><dt>${title}${state === "problem" && html` <span class="pill bad">problem</span>`}</dt><dd>${seen}</dd></div>`;
    return html`<div class="checks">${groups.map((group) => html`<section class="card"><h3>${group}</h3><dl>${checks.filter((check) => check.group === group).map(row)}</dl></section>`)}</div>`;
}

export function injectionSection({ namespaces, pods, controlPlanes }: InjectionReport): Markup {
    const asked = namespaces
        .filter(({ expected }) => expected)
        .map(({ name, label }) => `${name} (${label ?? "no label"})`);
    const planes = controlPlanes.map(
        ({ namespace, name, version, revision }) => `${namespace}/${name} ${version ?? ""}, revision ${revision}`,
    );
    const shown = pods.toSorted((a, b) => Number(b.expected) - Number(a.expected));
    return html`<p class="soft small">Sidecars expected in ${asked.join(", ") || "no namespace"}. Control plane ${planes.join("; ") || "none"}.</p><div class="card"><table class="list"><thead><tr><th>POD</th><th>READY</th><th>CONTAINERS</th><th>PROXY</th></tr></thead><tbody>${shown.map(podRow)}</tbody></table></div>`;
}

function podRow(pod: PodInjection): Markup {
    const chip = (name: string) => html`<span class="chip${name.startsWith("istio-") && " proxy"}">${name}</span>`;
    return html`<tr><td data-head="Pod"><span>${pod.pod}<br><span class="soft small">${pod.namespace}</span></span></td><td class="keep" data-head="Ready"><span class="pill ${pod.ready ? "good" : "bad"}">${pod.readyContainers}</span></td><td data-head="Containers"><span class="chips">${[...pod.initContainers, ...pod.containers].map(({ name }) => chip(name))}</span></td><td data-head="Proxy">${proxyState(pod)}</td></tr>`;
}

function proxyState({ role, proxyVersion, controlPlaneVersion, proxyImage, expected, why }: PodInjection): Markup {
    if (role === "sidecar" || role === "gateway") {
        const same = controlPlaneVersion === undefined || controlPlaneVersion === proxyVersion;
        return html`<span><span class="pill ${same ? "good" : "bad"}">${role} ${proxyVersion ?? "of unknown version"}</span> <span class="soft small">${proxyImage}</span></span>`;
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
    return html`<div class="card"><table class="list"><thead><tr><th>PODS</th><th>INBOUND</th><th>OUTBOUND</th><th>NOT CAPTURED</th><th>DOMAIN</th></tr></thead><tbody>${[
        ...kinds.values(),
    ].map((same) => {
        const { capture, proxy, role } = same[0]!;
        const pods =
            same.length === 1
                ? same[0]!.pod
                : `${same.length} ${role === "gateway" ? "gateways" : "pods with a sidecar"}`;
        const all = (captured: readonly string[]) =>
            captured.includes("*") ? "all" : captured.join(", ") || "nothing";
        return html`<tr><td data-head="Pods">${pods}</td><td data-head="Inbound">${capture ? `${all(capture.inbound.captured)} to ${capture.inboundPort}, ${capture.mode}` : "Envoy itself listens"}</td><td data-head="Outbound">${capture ? `${all(capture.outbound.captured)} to ${capture.outboundPort}` : "by Envoy itself"}</td><td data-head="Not captured">${capture ? `inbound ${capture.inbound.excluded.map(({ port }) => port).join(", ")}; user ${capture.user}` : ""}</td><td data-head="Domain"><code>${proxy.domain ?? ""}</code></td></tr>`;
    })}</tbody></table></div>`;
}

export function endpointsSection(endpoints: readonly EndpointReport[]): Markup {
    const answer = (state: string, text: string) =>
        html`<span><span class="pill ${state === "answers" ? "good" : state === "fails" ? "bad" : "calm"}">${state}</span> <span class="soft small">${text}</span></span>`;
    return html`<div class="card"><table class="list"><thead><tr><th>ENDPOINT</th><th>SERVICE</th><th>PORT</th><th>READY</th><th>ANSWERS</th></tr></thead><tbody>${endpoints.flatMap(
        ({ name, namespace, service, ports }) =>
            ports.map(
                (port) =>
                    html`<tr><td class="keep" data-head="Endpoint">${name}</td><td data-head="Service"><span>${service}<br><span class="soft small">${namespace}</span></span></td><td data-head="Port"><span>${port.port} ${port.name}${port.url !== undefined && html`<br><span class="soft small">${port.url}</span>`}</span></td><td class="keep" data-head="Ready"><span class="pill ${port.ready > 0 ? "good" : "bad"}">${port.ready}</span></td><td data-head="Answers">${answer(port.answer.state, port.answer.text)}</td></tr>`,
            ),
    )}</tbody></table></div>`;
}
