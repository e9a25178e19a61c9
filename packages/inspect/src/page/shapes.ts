import { fit, html, type Markup } from "./html";

/** A line of text in a box: its class and what it says. */
export type Drawing = readonly [className: string, text: string];

const round = (value: number) => Math.round(value * 10) / 10;

export const text = (
    className: string,
    x: number,
    y: number,
    content: string,
    anchor: "start" | "middle" = "start",
): Markup => html`<text class="${className}" x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${content}</text>`;

export interface Box {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
    /** What it is, above its name. */
    readonly kind: string;
    readonly name: string;
    readonly lines: readonly Drawing[];
    readonly wrong: boolean;
}

/** A rectangle with round corners. */
export function rectangle(className: string, at: Pick<Box, "x" | "y" | "width" | "height">, radius: number): Markup {
    const [x, y, width, height] = [at.x, at.y, at.width, at.height].map(round);
    return html`<rect class="${className}" x="${x}" y="${y}" width="${width}" height="${height}" rx="${radius}"/>`;
}

/**
 * A box with what it is, its name and lines below; names that are too long end with an ellipsis and are whole in the
 * tooltip.
 */
export function box(drawn: Box): Markup {
    const { x, y, width, kind, name, lines, wrong } = drawn;
    return html`
        <g class="${wrong ? "wrong" : ""}">
            <title>${name}</title>
            ${rectangle("box", drawn, 8)}
            ${text("kind", x + 11, y + 16, kind)}
            ${text("name", x + 11, y + 33, fit(name, Math.floor((width - 18) / 7.3)))}
            ${lines.map(([className, line], at) =>
                text(className, x + 11, y + 50 + at * 16, fit(line, Math.floor((width - 16) / 6.1))),
            )}
        </g>
    `;
}

/** A namespace around what is in it. */
export const frame = (x: number, y: number, width: number, height: number, name: string): Markup =>
    html`${rectangle("space", { x, y, width, height }, 11)}${text("spacename", x + 14, y + 23, name)}`;

export function arrowRight(x1: number, y1: number, x2: number, y2: number): Markup {
    const end = x2 - 7;
    const bend = (end - x1) / 2;
    const [from, to] = [`${round(x1)} ${round(y1)}`, `${round(end)} ${round(y2)}`];
    const curve = `${round(x1 + bend)} ${round(y1)} ${round(end - bend)} ${round(y2)}`;
    return html`
        <path class="edge" d="M${from}C${curve} ${to}"/>
        <path class="arrow" d="M${round(end - 1)} ${round(y2 - 4)}l8 4l-8 4z"/>
    `;
}

export const arrowDown = (x: number, y1: number, y2: number): Markup => html`
    <path class="edge" d="M${round(x)} ${round(y1)}V${round(y2 - 7)}"/>
    <path class="arrow" d="M${round(x - 4)} ${round(y2 - 8)}l4 8l4 -8z"/>
`;

/** A rounded label around its middle. */
export function pill(x: number, y: number, content: string): Markup {
    const width = content.length * 7.4 + 26;
    const label = text("portaltext", x, y + 4, content, "middle");
    return html`${rectangle("portal", { x: x - width / 2, y: y - 12, width, height: 24 }, 12)}${label}`;
}

/** Puts things below one another. */
export function stack<T extends { readonly height: number }>(
    items: readonly T[],
    from: number,
    gap = 14,
): { placed: { item: T; y: number }[]; bottom: number } {
    let y = from;
    const placed = items.map((item) => {
        const at = { item, y };
        y += item.height + gap;
        return at;
    });
    return { placed, bottom: y - gap };
}
