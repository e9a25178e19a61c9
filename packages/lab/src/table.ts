import Table from "cli-table3";

/** Lines of a table that cli-table3 draws unless they are empty. */
const NO_LINES = Object.fromEntries(
    ["top", "bottom", "left", "right", "mid"].flatMap((side) =>
        ["", "-mid", "-left", "-right"].map((part) => [`${side}${part}`, ""]),
    ),
);

/** Rows under their heads, in columns as wide as they must be, without lines between them. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
    const drawn = new Table({
        chars: { ...NO_LINES, middle: "  " },
        style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
    });
    drawn.push([...head], ...rows.map((row) => [...row]));
    return drawn.toString().replace(/ +$/gm, "");
}
