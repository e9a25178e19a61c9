/** Markup that is safe to print: what {@link html} made. */
export class Markup {
    readonly text: string;

    constructor(text: string) {
        this.text = text;
    }
}

type Part = Markup | string | number | undefined | readonly Part[];

/** A template for markup: values are escaped unless they are markup; lists are joined, and undefined leaves nothing. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
    return new Markup(strings.map((text, at) => text + (at < parts.length ? render(parts[at]) : "")).join(""));
}

function render(part: Part): string {
    if (part === undefined) return "";
    if (part instanceof Markup) return part.text;
    if (typeof part === "object") return part.map(render).join("");
    return String(part).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
