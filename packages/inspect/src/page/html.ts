/** Markup that is safe to print: what {@link html} made. */
export class Markup {
    constructor(readonly text: string) {}
}

type Part = Markup | string | number | undefined | false | readonly Part[];

/** Text as it may stand in markup and in attributes. */
export const escapeText = (text: string): string =>
    text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/**
 * A template for markup: every value is escaped unless it is markup itself; lists are joined, `undefined` and `false`
 * leave nothing.
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
    return new Markup(strings.map((text, at) => text + (at < parts.length ? render(parts[at]) : "")).join(""));
}

function render(part: Part): string {
    if (part === undefined || part === false) return "";
    if (part instanceof Markup) return part.text;
    if (Array.isArray(part)) return part.map(render).join("");
    return escapeText(String(part));
}

/** A text of so many characters at most, its end cut off with an ellipsis. */
export const fit = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most - 1)}…`);
