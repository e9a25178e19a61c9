import { html } from "./html";

/** A book of the shop; `descriptionHtml` is markup of our own. */
export interface Product {
    readonly id: number;
    readonly title: string;
    readonly descriptionHtml: string;
}

const DESCRIPTION = html`Two pairs of identical twins, parted as infants by a storm at sea, turn up in the same town
on the same day, and nobody there can tell them apart.
<a href="https://en.wikipedia.org/wiki/The_Comedy_of_Errors">Shakespeare’s shortest play</a> is one
long case of mistaken identity.`;

/** The book that the page shows. */
export const PRODUCT: Product = { id: 0, title: "The Comedy of Errors", descriptionHtml: DESCRIPTION.text };
