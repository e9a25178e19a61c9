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

/**
 * A box with what it is, its name and lines below; names that are too long end with an ellipsis and are whole in the
 * tooltip.
 */
export function box({ x, y, width, height, kind, name, lines, wrong }: Box): Markup {
    return html`<g class="${wrong ? "wrong" : ""}"><title>${name}</title><rect class="box" x="${round(x)}" y="${round(y)}" width="${width}" height="${height}" rx="8"/>${text("kind", x + 11, y + 16, kind)}${text("name", x + 11, y + 33, fit(name, Math.floor((width - 18) / 7.3)))}${lines.map(([className, line], at) => text(className, x + 11, y + 50 + at * 16, fit(line, Math.floor((width - 16) / 6.1))))}</g>`;
}

/** A namespace around what is in it. */
export const frame = (x: number, y: number, width: number, height: number, name: string): Markup =>
    html`<rect class="space" x="${x}" y="${round(y)}" width="${width}" height="${round(height)}" rx="11"/>${text("spacename", x + 14, y + 23, name)}`;

export function arrowRight(x1: number, y1: number, x2: number, y2: number): Markup {
    const end = x2 - 7;
    const bend = (end - x1) / 2;
    return html`<path class="edge" d="M${round(x1)} ${round(y1)}C${round(x1 + bend)} ${round(y1)} ${round(end - bend)} ${round(y2)} ${round(end)} ${round(y2)}"/><path class="arrow" d="M${round(end - 1)} ${round(y2 - 4)}l8 4l-8 4z"/>`;
}

export const arrowDown = (x: number, y1: number, y2: number): Markup =>
    html`<path class="edge" d="M${round(x)} ${round(y1)}V${round(y2 - 7)}"/><path class="arrow" d="M${round(x - 4)} ${round(y2 - 8)}l4 8l4 -8z"/>`;

/** A rounded label around its middle. */
export function pill(x: number, y: number, content: string): Markup {
    const width = content.length * 7.4 + 26;
    return html`<rect class="portal" x="${round(x - width / 2)}" y="${y - 12}" width="${round(width)}" height="24" rx="12"/>${text("portaltext", x, y + 4, content, "middle")}`;
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
