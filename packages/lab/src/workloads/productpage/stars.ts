import { html, Markup } from "./html";

const MOST = 5;

/** A five-pointed star that fills a box of 20 by 20. */
const STAR = "M10 1l2.7 6 6.5.7-4.9 4.4 1.4 6.4-5.7-3.3-5.7 3.3 1.4-6.4L.8 7.7 7.3 7z";

/** The colours that reviews knows; any other is drawn black. */
const COLORS: ReadonlySet<string> = new Set(["black", "red"]);

/** Stars of a rating, drawn and, for those who hear the page, said. */
export function stars(count: number, color: string): Markup {
    const full = Math.min(Math.max(Math.trunc(count), 0), MOST);
    const known = COLORS.has(color) ? color : "black";
    const each = Array.from(
        { length: MOST },
        (_, at) =>
            html`<path class="${at < full ? "full" : "empty"}" transform="translate(${at * 23} 0)" d="${STAR}"/>`,
    );
    const label = `${full} of ${MOST} stars, ${known}`;
    const viewBox = `-1 -1 ${MOST * 23 - 1} 22`;
    return html`<svg class="stars ${known}" viewBox="${viewBox}" role="img" aria-label="${label}">${each}</svg>`;
}
