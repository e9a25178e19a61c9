/** Markup that is safe to print: what {@link html} made. */
export class Markup {
    constructor(readonly text: string) {}
}

type Part = Markup | string | number | undefined | false | readonly Part[];

/** Text as it may stand in markup and in attributes. */
const escapeText = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/**
 * A template for markup: every value is escaped unless it is markup itself; lists are joined, `undefined` and `false`
 * leave nothing. A line break in the template itself, with the indent around it, is a space between two attributes or
 * words, and nothing beside a tag or a value.
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
    return new Markup(strings.map((text, at) => unfold(text) + (at < parts.length ? render(parts[at]) : "")).join(""));
}

function unfold(template: string): string {
    return template.replace(/\s*\n\s*/g, (line, at: number) => {
        const [before, after] = [template[at - 1] ?? ">", template[at + line.length] ?? "<"];
        return before === ">" || after === "<" ? "" : " ";
    });
}

function render(part: Part): string {
    if (part === undefined || part === false) return "";
    if (part instanceof Markup) return part.text;
    if (typeof part === "string" || typeof part === "number") return escapeText(String(part));
    return part.map(render).join("");
}

/** A text of so many characters at most, its end cut off with an ellipsis. */
export const fit = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most - 1)}…`);
