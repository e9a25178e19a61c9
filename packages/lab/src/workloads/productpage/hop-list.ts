import type { Hop } from "../hops";
import { html, type Markup } from "./html";

/** The request's way through the mesh, hop by hop, with the identities that mutual TLS proved. */
export function hopList(hops: readonly Hop[]): Markup {
    return html`<section class="way">
<h2>The way of this request</h2>
<p class="soft">Each application reports who called it, as the proxy beside it saw the caller’s certificate.</p>
<ol>${hops.map(hopItem)}</ol>
</section>`;
}

function hopItem({ from, to, pod, peer, own }: Hop): Markup {
    const secure = peer !== null;
    const facts = html`<p class="facts"><span>Client <code>${peer ?? ""}</code></span>
<span>Server <code>${own ?? "unknown"}</code></span></p>`;
    return html`<li>
<p class="route"><span class="from">${from ?? peer ?? "unknown caller"}</span> <span class="arrow">→</span>
<span class="to">${to}</span> <code>${pod}</code>
<span class="badge ${secure ? "secure" : "plain"}">${secure ? "mutual TLS" : "plain text"}</span></p>
${secure ? facts : undefined}
</li>`;
}
