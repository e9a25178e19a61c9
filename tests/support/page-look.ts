/// <reference lib="dom" />
import type { Page } from "playwright-core";

/** A piece of text as a reader meets it. */
export interface SeenText {
    readonly text: string;
    /** Contrast with what is behind it, from 1 to 21; WCAG 2 asks for 4.5, and for 3 where the text is large. */
    readonly contrast: number;
    readonly large: boolean;
    /** Whether anything lies on it, or cuts it off at its middle. */
    readonly covered: boolean;
    /** From the left edge of the page, in CSS pixels. */
    readonly left: number;
    readonly right: number;
}

/** What a reader sees of a page, with everything unfolded. */
export interface SeenPage {
    readonly width: number;
    /** More than `width` where the page scrolls sideways. */
    readonly scrollWidth: number;
    /** Luminance of the page itself, 0 to 1. */
    readonly background: number;
    readonly texts: readonly SeenText[];
    /** Sizes of the pictures that are shown. */
    readonly pictures: readonly { readonly name: string; readonly width: number; readonly height: number }[];
}

/** Looks at all of a page at once: unfolds it, and makes the window as high as it is. */
export async function lookAt(page: Page): Promise<SeenPage> {
    const height = await page.evaluate(unfold);
    await page.setViewportSize({ width: page.viewportSize()!.width, height });
    return page.evaluate(look);
}

// What follows runs in the page, which knows nothing of this file.

function unfold(): number {
    for (const details of [...document.querySelectorAll("details")]) details.open = true;
    return Math.ceil(document.documentElement.scrollHeight);
}

function look(): SeenPage {
    type Colour = [red: number, green: number, blue: number, alpha: number];
    const parse = (text: string): Colour => {
        const parts = /^rgba?\(([^)]*)\)/
            .exec(text)?.[1]
            ?.split(/[,/ ]+/)
            .map(Number) ?? [0, 0, 0, 0];
        return [parts[0] ?? 0, parts[1] ?? 0, parts[2] ?? 0, parts[3] ?? 1];
    };
    const over = (top: Colour, below: Colour): Colour => {
        const mix = (at: 0 | 1 | 2) => top[at] * top[3] + below[at] * (1 - top[3]);
        return [mix(0), mix(1), mix(2), 1];
    };
    const luminance = ([red, green, blue]: Colour) => {
        const part = (value: number) =>
            value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
        return 0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue);
    };
    const drawn = (element: Element): Colour => {
        const style = getComputedStyle(element);
        return element.namespaceURI?.endsWith("/svg") && element.localName !== "svg"
            ? parse(style.fill)
            : parse(style.backgroundColor);
    };
    const canvas: Colour = over(parse(getComputedStyle(document.body).backgroundColor), [255, 255, 255, 1]);

    const describe = (node: Text, element: Element): SeenText | undefined => {
        const range = document.createRange();
        range.selectNodeContents(node);
        const boxes = [...range.getClientRects()];
        const first = boxes.find(({ width, height }) => width > 1 && height > 1);
        if (!first) return undefined;
        const [x, y] = [first.left + first.width / 2, first.top + first.height / 2];
        const stack = document.elementsFromPoint(x, y);
        const at = stack.findIndex((each) => each === element || element.contains(each));
        const behind = stack
            .slice(Math.max(at, 0))
            .filter((each) => !(each === element && element.localName === "text"));
        const style = getComputedStyle(element);
        const back = behind.reduceRight<Colour>(
            (below, each) => (each.localName === "text" ? below : over(drawn(each), below)),
            canvas,
        );
        const text = over(parse(element.localName === "text" ? style.fill : style.color), back);
        const [light, dark] = [luminance(text), luminance(back)].sort((a, b) => b - a) as [number, number];
        const size = parseFloat(style.fontSize);
        return {
            text: node.data.trim(),
            contrast: (light + 0.05) / (dark + 0.05),
            large: size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700),
            covered: at !== 0,
            left: Math.min(...boxes.map(({ left }) => left)),
            right: Math.max(...boxes.map(({ right }) => right)),
        };
    };

    const texts: SeenText[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode as Text;
        const element = node.parentElement!;
        if (node.data.trim() === "" || ["title", "style"].includes(element.localName)) continue;
        const seen = describe(node, element);
        if (seen) texts.push(seen);
    }
    const pictures = [...document.querySelectorAll("svg")].map((svg) => {
        const { width, height } = svg.getBoundingClientRect();
        return { name: String(svg.getAttribute("class")), width, height };
    });
    return {
        width: innerWidth,
        scrollWidth: document.documentElement.scrollWidth,
        background: luminance(canvas),
        texts,
        pictures: pictures.filter(({ width }) => width > 0),
    };
}
