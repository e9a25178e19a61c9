import type { Figure } from "./samples";

const WIDTH = 720;
const LABELS = 260;
const ROW = 22;
const BAR = 14;
const COLORS = ["#8c8c99", "#4d5bff", "#b9b9c4", "#d8d8de"];

/** A bar for each operation and tool, as long as its median, with a line from its fastest to its slowest. */
export function chart(figures: readonly Figure[]): string {
    const tools = [...new Set(figures.map(({ tool }) => tool))];
    const longest = Math.max(...figures.map(({ spread }) => spread[1]));
    const x = (seconds: number) => (LABELS + (seconds / longest) * (WIDTH - LABELS - 60)).toFixed(1);
    const rows = figures.map(({ operation, tool, seconds, spread }, index) => {
        const top = 10 + index * ROW;
        const middle = top + BAR / 2;
        const width = (Number(x(seconds)) - LABELS).toFixed(1);
        const color = COLORS[tools.indexOf(tool) % COLORS.length];
        return [
            `<text x="${LABELS - 8}" y="${middle + 4}" text-anchor="end">${operation}, ${tool}</text>`,
            `<rect x="${LABELS}" y="${top}" width="${width}" height="${BAR}" fill="${color}"/>`,
            `<path d="M${x(spread[0])} ${middle}H${x(spread[1])}" stroke="#222"/>`,
            `<text x="${Number(x(spread[1])) + 6}" y="${middle + 4}">${seconds.toFixed(1)} s</text>`,
        ].join("");
    });
    const height = 20 + figures.length * ROW;
    return (
        `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" ` +
        `viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">` +
        `<rect width="100%" height="100%" fill="#fff"/>\n${rows.join("\n")}\n</svg>\n`
    );
}
