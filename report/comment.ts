import { type Counts, countsText } from "./headline";
import { escaped, sectionOf, shortened, signOf } from "./markdown";
import type { Level } from "./model";
import type { Report } from "./report";

/** Characters of a comment: GitHub takes 65,536. */
export const COMMENT_LIMIT = 60_000;

/** What the table on top has of a stack; kept in the comment, out of sight. */
interface Row {
    readonly stack: string;
    readonly sign: string;
    readonly headline: string;
    readonly counts: Counts;
    readonly level: Level;
    /** All of it; absent where the report has none. */
    readonly digest?: string;
    /** Objects that are not shown. */
    readonly leftOut: number;
    /** Whether the counts, refusals and risks are shown. */
    readonly isWhole: boolean;
}

/** What a comment has of one stack. */
interface Part {
    readonly row: Row;
    readonly title: string;
    readonly body: string;
    readonly objects: readonly { readonly rank: number; readonly text: string }[];
}

const TABLE_END = "<!-- istio-on-pulumi:table -->";
const OBJECT = /^<!-- istio-on-pulumi:object (\d) -->\n/m;
const OBJECTS_END = "<!-- istio-on-pulumi:objects-end -->";
const PART = /([\s\S]*?)<!-- istio-on-pulumi:stack (\{.*\}) -->\n?/g;

/**
 * A comment with a report in it: in the place of what it had of the same stack, else added, in the order of the stacks'
 * names. Other stacks' parts stay as they are, unless there is no room: whole objects go then, the least dangerous of
 * all first, and each part says how many.
 *
 * @param comment what is there, by this function; `undefined` for a new one
 * @param limit most characters
 */
export function merge(comment: string | undefined, report: Report, limit: number = COMMENT_LIMIT): string {
    const others = partsIn(comment ?? "").filter(({ row }) => row.stack !== report.stack);
    const parts = [...others, partOf(report)].sort((a, b) => (a.row.stack < b.row.stack ? -1 : 1));
    return textOf(fitting(parts, limit));
}

/** What a comment has of a stack: the digest of its changes, and its part as Markdown without hidden marks. */
export function partIn(comment: string, stack: string): { digest?: string; text: string } | undefined {
    const part = partsIn(comment).find(({ row }) => row.stack === stack);
    return part && { digest: part.row.digest, text: partText(part).replace(/^<!-- istio-on-pulumi:.*\n/gm, "") };
}

function partOf(report: Report): Part {
    const { stack, headline, counts, level, digest } = report;
    const row = {
        stack,
        sign: signOf(report),
        headline: shortened(headline, LONGEST_CELL),
        counts,
        level,
        ...(digest !== undefined && { digest }),
        leftOut: 0,
        isWhole: true,
    };
    return { row, ...sectionOf(report) };
}

const LONGEST_CELL = 300;

/** Takes away what a reader needs least until the rest fits: objects, and then whatever is not a title. */
function fitting(given: readonly Part[], limit: number): readonly Part[] {
    let parts = given;
    let excess = textOf(parts).length - limit;
    while (excess > 0) {
        const ranks = parts.flatMap(({ objects }) => objects.map(({ rank }) => rank));
        const shorter = ranks.length > 0 ? withoutObject(parts, Math.min(...ranks), excess) : withoutBody(parts);
        if (shorter === undefined) return parts;
        parts = shorter;
        excess = textOf(parts).length - limit;
    }
    return parts;
}

/** Of the objects of a rank the last ones, of the part that has most of them; as many as it takes. */
function withoutObject(parts: readonly Part[], lowest: number, excess: number): Part[] {
    const numberOf = ({ objects }: Part) => objects.filter(({ rank }) => rank === lowest).length;
    const fullest = parts.reduce((one, other) => (numberOf(other) > numberOf(one) ? other : one));
    const kept = [...fullest.objects];
    let saved = 0;
    for (let index = kept.length - 1; index >= 0 && saved < excess / parts.length; index--) {
        if (kept[index]!.rank === lowest) saved += kept.splice(index, 1)[0]!.text.length;
    }
    const leftOut = fullest.row.leftOut + fullest.objects.length - kept.length;
    return parts.map((part) => (part === fullest ? { ...part, objects: kept, row: { ...part.row, leftOut } } : part));
}

function withoutBody(parts: readonly Part[]): Part[] | undefined {
    const longest = parts.reduce((one, other) => (other.body.length > one.body.length ? other : one));
    if (longest.body === "") return undefined;
    return parts.map((part) => (part === longest ? { ...part, body: "", row: { ...part.row, isWhole: false } } : part));
}

function textOf(parts: readonly Part[]): string {
    const table = parts.length > 1 ? tableOf(parts.map(({ row }) => row)) : "";
    return table + parts.map(partText).join("\n");
}

function partText({ row, title, body, objects }: Part): string {
    const { leftOut, isWhole } = row;
    const missing = [
        ...(isWhole ? [] : ["refusals and risks"]),
        ...(leftOut > 0 ? [`${leftOut} ${leftOut === 1 ? "object" : "objects"}, the least dangerous,`] : []),
    ].join(" and ");
    const note = missing === "" ? "" : `\n${missing} left out for want of room: the whole report is in the artifact.\n`;
    const shown = objects.map(({ rank, text }) => `<!-- istio-on-pulumi:object ${rank} -->\n${text}\n`).join("\n");
    return `${title}\n\n${body}\n\n${shown}${OBJECTS_END}\n${note}\n<!-- istio-on-pulumi:stack ${hiddenJson(row)} -->\n`;
}

function tableOf(rows: readonly Row[]): string {
    const lines = rows.map(
        ({ sign, stack, headline, counts }) =>
            `| ${sign} ${escaped(stack)} | ${escaped(headline)} | ${countsText(counts)} |`,
    );
    return ["| Stack | What happens | Resources |", "|---|---|---|", ...lines, "", TABLE_END, "", ""].join("\n");
}

/** JSON that does not end the comment that hides it, calls nobody, and moves no cursor. */
const hiddenJson = (row: Row): string =>
    JSON.stringify(row).replace(/[^ -~]|[-<>@#]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);

function partsIn(comment: string): Part[] {
    const below = comment.slice(comment.includes(TABLE_END) ? comment.indexOf(TABLE_END) + TABLE_END.length : 0);
    return [...below.matchAll(PART)].map(([, text = "", json = ""]) => {
        const [title = "", ...lines] = text.trim().split("\n");
        const rest = lines.join("\n");
        const [head = "", ...objects] = rest.slice(0, rest.indexOf(OBJECTS_END)).split(OBJECT);
        const pairs = Array.from({ length: objects.length / 2 }, (_, index) => ({
            rank: Number(objects[2 * index]),
            text: objects[2 * index + 1]!.trim(),
        }));
        return { row: JSON.parse(json) as Row, title, body: head.trim(), objects: pairs };
    });
}
