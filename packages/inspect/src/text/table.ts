import { styleText } from "node:util";
import stringWidth from "string-width";

/** Colours for people; none where the output is no terminal or NO_COLOR is set. */
export interface Style {
    readonly good: (text: string) => string;
    readonly bad: (text: string) => string;
    readonly warn: (text: string) => string;
    readonly faint: (text: string) => string;
    readonly strong: (text: string) => string;
}

type Format = Parameters<typeof styleText>[0];

export function makeStyle(colours: boolean): Style {
    const paint = (format: Format) => (text: string) =>
        colours && text !== "" ? styleText(format, text, { validateStream: false }) : text;
    return {
        good: paint("green"),
        bad: paint("red"),
        warn: paint("yellow"),
        faint: paint("dim"),
        strong: paint("bold"),
    };
}

/** Whether the terminal wants colours. */
export const wantsColours = (env: NodeJS.ProcessEnv, isTerminal: boolean): boolean =>
    !env.NO_COLOR && (isTerminal || Boolean(env.FORCE_COLOR));

/** One cell: its text, and how it is painted; the width is that of the text alone. */
export type Cell = string | { readonly text: string; readonly paint: (text: string) => string };

/** Rows under their heads, in columns as wide as they must be; a column that is empty in every row is left out. */
export function table(heads: readonly string[], rows: readonly (readonly Cell[])[], style: Style, indent = ""): string {
    const used = heads.map((_, column) => rows.some((row) => textOf(row[column] ?? "") !== ""));
    const all = [heads.map((head) => ({ text: head, paint: style.faint })), ...rows].map((row) =>
        row.filter((_, column) => used[column]),
    );
    const widths: number[] = [];
    for (const row of all)
        row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, widthOf(textOf(cell)))));
    const line = (row: readonly Cell[]) =>
        row.map((cell, column) => painted(cell) + " ".repeat(widths[column]! - widthOf(textOf(cell)))).join("  ");
    return all.map((row) => (indent + line(row)).trimEnd()).join("\n");
}

const textOf = (cell: Cell) => (typeof cell === "string" ? cell : cell.text);
const painted = (cell: Cell) => (typeof cell === "string" ? cell : cell.paint(cell.text));

/**
 * Columns of a terminal that a text takes. Most are ASCII, and to look at each letter of a large table takes seconds.
 */
const widthOf = (text: string) => (/^[\x20-\x7e]*$/.test(text) ? text.length : stringWidth(text));
