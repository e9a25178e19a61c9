import { countsText } from "./headline";
import type { Kind, Level } from "./model";
import type { Report, ReportedChange } from "./report";

/** A report's Markdown in the pieces of which a comment is made and cut. */
export interface Section {
    /** One line, which is never left out. */
    readonly title: string;
    /** Counts, refusals and risks. */
    readonly body: string;
    /** One for each object, the most dangerous first. */
    readonly objects: readonly { readonly rank: number; readonly text: string }[];
}

const SIGNS: Readonly<Record<Level | "refused", string>> = {
    none: "🟢",
    note: "🔵",
    caution: "🟡",
    danger: "🔴",
    refused: "⛔",
};

const KINDS: Readonly<Record<Kind, string>> = {
    preview: "Preview: nothing is changed yet",
    up: "Update: this is what happened",
    drift: "Drift: what others changed since the last update",
};

/** Characters of a title, and of a refusal: a comment is for reading. */
const LONGEST_TITLE = 500;
const LONGEST_REFUSAL = 4000;
/** Of a digest. */
export const SHOWN_DIGEST = 16;
const MOST_RISKS = 40;
const MOST_FIELDS = 3;
const RANKS: readonly Level[] = ["none", "note", "caution", "danger"];

export const signOf = ({ level, refusals }: Pick<Report, "level" | "refusals">): string =>
    SIGNS[refusals.length > 0 ? "refused" : level];

export function sectionOf(report: Report): Section {
    const { stack, headline, counts, kind, digest, refusals, risks, changes } = report;
    const shown = risks.slice(0, MOST_RISKS);
    const body = [
        `${KINDS[kind]} · ${countsText(counts)}${digest === undefined ? "" : ` · digest \`${digest.slice(0, SHOWN_DIGEST)}\``}`,
        ...refusals.map((text) => `\n${quoted(shortened(text, LONGEST_REFUSAL))}`),
        ...(shown.length > 0 ? [""] : []),
        ...shown.map(({ level, sentence }) => `- ${SIGNS[level]} ${level}: ${escaped(sentence)}`),
        ...(risks.length > shown.length ? [`- and ${risks.length - shown.length} more, of no higher level`] : []),
    ];
    return {
        title: `## ${signOf(report)} ${escaped(stack)}: ${escaped(shortened(headline, LONGEST_TITLE))}`,
        body: body.join("\n"),
        objects: changes.map((change) => ({ rank: RANKS.indexOf(change.level), text: objectText(change) })),
    };
}

function objectText({ title, verb, level, fields, patch }: ReportedChange): string {
    const more = fields.length - MOST_FIELDS;
    const names = [...fields.slice(0, MOST_FIELDS), ...(more > 0 ? [`${more} more`] : [])];
    const what = names.length > 0 ? `: ${inHtml(names.join(", "))}` : "";
    const summary = `${SIGNS[level]} ${verb} <b>${inHtml(title)}</b>${what}`;
    return `<details><summary>${summary}</summary>\n\n${fenced("diff", patch.trimEnd())}\n\n</details>`;
}

export const shortened = (text: string, most: number): string =>
    text.length > most ? `${text.slice(0, most - 1).trimEnd()}…` : text;

/** What moves a cursor, changes colours or turns the direction of writing: a reader must see what stands there. */
const CONTROL = /(?![\n\t])[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** A text that Markdown shows as it is, on one line; nobody is called by it. */
export const escaped = (text: string): string =>
    text
        .replace(/\s+/g, " ")
        .replace(CONTROL, "\ufffd")
        .replace(/[\\`*_[\]|~]/g, "\\$&")
        .replace(/[<>&@#]/g, (sign) => `&#${sign.charCodeAt(0)};`);

const inHtml = (text: string): string =>
    text.replace(CONTROL, "\ufffd").replace(/[<>&"@]/g, (sign) => `&#${sign.charCodeAt(0)};`);

const quoted = (text: string): string =>
    text
        .split("\n")
        .map((line) => `> ${escaped(line)}`)
        .join("\n");

/** A block that ends where it should, whatever stands in it. */
function fenced(language: string, text: string): string {
    const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
    const fence = "`".repeat(longest + 1);
    return `${fence}${language}\n${text.replace(CONTROL, "\ufffd").replaceAll("<!--", "<\u200b!--")}\n${fence}`;
}
