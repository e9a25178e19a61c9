import type { BackendAnswer } from "../backend";
import type { Hop } from "../hops";
import { LONGEST_USER } from "../session";
import { UNAVAILABLE } from "./backends";
import { hopList } from "./hop-list";
import { html, Markup } from "./html";
import type { Product } from "./products";
import { stars } from "./stars";

/** What the page shows. */
export interface PageContent {
    readonly product: Product;
    readonly user: string | undefined;
    readonly details: BackendAnswer;
    readonly reviews: BackendAnswer;
    readonly hops: readonly Hop[];
}

/** The whole page as text. */
export function page({ product, user, details, reviews, hops }: PageContent): string {
    return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${product.title} – Bookinfo in the lab</title>
<link rel="stylesheet" href="/static/style.css">
<link rel="icon" href="/static/icon.svg">
</head>
<body>
<header>
<div class="bar"><p class="brand">Bookinfo <span>the lab’s own implementation</span></p>${session(user)}</div>
</header>
<main>
<section class="book">
<div class="cover" aria-hidden="true"><span>${product.title}</span></div>
<div class="about">
<h1>${product.title}</h1>
<p class="lead">${new Markup(product.descriptionHtml)}</p>
${detailsOf(details)}
</div>
</section>
${reviewsOf(reviews)}
${hopList(hops)}
</main>
<footer><p>This is the lab’s own small implementation of Istio’s
<a href="https://istio.io/latest/docs/examples/bookinfo/">Bookinfo sample</a>: the same services and the same API, with
a page and texts of its own.</p></footer>
</body>
</html>
`.text;
}

function session(user: string | undefined): Markup {
    if (user !== undefined) {
        const signOut = html`<a class="button quiet" href="/logout">Sign out</a>`;
        return html`<p class="session"><span class="user">${user}</span> ${signOut}</p>`;
    }
    return html`<details class="session"><summary class="button">Sign in</summary>
<form method="post" action="/login">
<label>User name <input name="username" required maxlength="${LONGEST_USER}" autocomplete="username"></label>
<label>Password <input name="passwd" type="password" autocomplete="current-password"></label>
<p class="hint">Any name and any password will do.</p>
<button class="button">Sign in</button>
</form></details>`;
}

/** Fields of details' answer in the order in which the page shows them. */
const FIELDS: readonly (readonly [label: string, field: string])[] = [
    ["Author", "author"],
    ["Written", "year"],
    ["Publisher", "publisher"],
    ["Pages", "pages"],
    ["Type", "type"],
    ["Language", "language"],
    ["ISBN-10", "ISBN-10"],
    ["ISBN-13", "ISBN-13"],
];

function detailsOf({ status, value }: BackendAnswer): Markup {
    if (status !== 200) return unavailable("Book details", UNAVAILABLE.details, "details", status);
    const fields = record(value);
    const rows = FIELDS.filter(([, field]) => fields[field] !== undefined).map(
        ([label, field]) => html`<div><dt>${label}</dt><dd>${text(fields[field])}</dd></div>`,
    );
    return html`<h2 class="small">Book details</h2>
<dl>${rows}</dl>`;
}

function reviewsOf({ status, value }: BackendAnswer): Markup {
    if (status !== 200) {
        const failure = unavailable("Book reviews", UNAVAILABLE.reviews, "reviews", status);
        return html`<section class="reviews">${failure}</section>`;
    }
    const { reviews, podname, clustername } = record(value);
    const cluster =
        clustername === undefined || clustername === "null"
            ? undefined
            : html` on cluster <code>${text(clustername)}</code>`;
    return html`<section class="reviews">
<div class="heading">
<h2>Book reviews</h2><p class="served">Reviews served by: <code>${text(podname)}</code>${cluster}</p>
</div>
<div class="cards">${(Array.isArray(reviews) ? reviews : []).map((review) => reviewCard(record(review)))}</div>
</section>`;
}

function reviewCard({ reviewer, text: words, rating }: Readonly<Record<string, unknown>>): Markup {
    const { stars: count, color, error } = record(rating);
    const shown =
        typeof count === "number"
            ? stars(count, text(color))
            : error === undefined
              ? undefined
              : html`<p class="failure">${text(error)}</p>`;
    return html`<article>${shown}<blockquote>${text(words)}</blockquote>
<p class="reviewer">${text(reviewer)}</p></article>`;
}

function unavailable(heading: string, sentence: string, backend: string, status: number | undefined): Markup {
    const reason =
        status === undefined
            ? `The service ${backend} gave no answer.`
            : `The service ${backend} answered with status ${status}.`;
    return html`<h2>${heading}</h2><p class="failure">${sentence} <span>${reason}</span></p>`;
}

/** What a backend said, field by field; it may say anything. */
const record = (value: unknown): Readonly<Record<string, unknown>> =>
    typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};

const text = (value: unknown): string => (typeof value === "string" || typeof value === "number" ? String(value) : "");
