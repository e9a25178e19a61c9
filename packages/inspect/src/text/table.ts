import { styleText } from "node:util";

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

const textOf = (cell: Cell) => (typeof cell === "string" ? cell : cell.text);
const painted = (cell: Cell, padding: string) => (typeof cell === "string" ? cell : cell.paint(cell.text)) + padding;

/** Rows under their heads, in columns as wide as they must be; a column that is empty in every row is left out. */
export function table(heads: readonly string[], rows: readonly (readonly Cell[])[], style: Style, indent = ""): string {
    const used = heads.map((_, column) => rows.some((row) => textOf(row[column] ?? "") !== ""));
    const keep = <T>(cells: readonly T[]) => cells.filter((_, column) => used[column]);
    const kept = rows.map(keep);
    const keptHeads = keep(heads);
    const widths = keptHeads.map((head, column) =>
        Math.max(head.length, ...kept.map((row) => textOf(row[column] ?? "").length)),
    );
    const line = (cells: readonly Cell[]) =>
        indent +
        cells
            .map((cell, column) =>
                column === cells.length - 1
                    ? painted(cell, "")
                    : painted(cell, " ".repeat(widths[column]! - textOf(cell).length + 2)),
            )
            .join("")
            .trimEnd();
    return [line(keptHeads.map((head) => ({ text: head, paint: style.faint }))), ...kept.map(line)].join("\n");
}
