/**
 * The command behind `npm run docs:report`: renders a report's comment as a pull request shows it, its first object
 * opened, and takes the picture of the README, light and dark.
 *
 *     npm run lab -- exec npm run preview:report -- --stack lab --out reports
 *     npm run docs:report -- reports/comment.md
 */
import { readFile } from "node:fs/promises";
import { marked } from "marked";
import { fromCaller, reasonOf, UsageError, UserError } from "@istio-on-pulumi/kube";
import { takePictures } from "./page";

/** The first line, the risks, and the first object. */
const SIZE = { width: 1000, height: 960 };
/** Objects that are open, so that a reader sees what is in them. */
const OPENED = 1;

/** Not every machine has a font for these signs. */
const COLOURS: Readonly<Record<string, string>> = {
    "🔴": "#d1242f",
    "🟡": "#bf8700",
    "🔵": "#0969da",
    "🟢": "#1a7f37",
};

const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d1d9e0, #3d444d); --plain: light-dark(#f6f8fa, #151b23); }
body { font: 15px/1.5 system-ui, sans-serif; margin: 24px; background: light-dark(#fff, #0d1117);
    color: light-dark(#1f2328, #f0f6fc); }
h2 { font-size: 20px; line-height: 1.35; margin: 0 0 12px; padding-bottom: 8px; border-bottom: 1px solid var(--line); }
code { font: 13px ui-monospace, monospace; background: var(--plain); border-radius: 4px; padding: 2px 4px; }
pre { background: var(--plain); border-radius: 6px; padding: 12px; overflow: hidden; }
pre code { padding: 0; }
details { margin: 6px 0; }
table { border-collapse: collapse; margin-bottom: 16px; }
td, th { border: 1px solid var(--line); padding: 4px 10px; text-align: left; }
svg { width: 13px; height: 13px; }
.added { color: light-dark(#116329, #7ee787); } .removed { color: light-dark(#82071e, #ffa198); }
`;

/** @param markdown a comment of `preview:report`, `up:report` or `drift` */
function pageOf(markdown: string): string {
    let opened = 0;
    const body = marked
        .parse(markdown, { async: false })
        .replace(
            /[🔴🟡🔵🟢]/gu,
            (sign) => `<svg viewBox="0 0 2 2"><circle cx="1" cy="1" r="1" fill="${COLOURS[sign]}"/></svg>`,
        )
        .replace(/<details>/g, () => ((opened += 1) <= OPENED ? "<details open>" : "<details>"))
        .replace(/^\+.*$/gm, '<span class="added">$&</span>')
        .replace(/^-.*$/gm, '<span class="removed">$&</span>');
    return `<!doctype html><meta charset="utf-8"><title>A report</title><style>${STYLE}</style>${body}`;
}

async function main(comment: string | undefined): Promise<void> {
    if (comment === undefined) throw new UsageError("usage: npm run docs:report -- <comment.md>, as --out writes it.");
    const file = fromCaller(comment);
    const markdown = await readFile(file, "utf8").catch((error: unknown) => {
        throw new UserError(`${file} cannot be read (${reasonOf(error)}); name the comment.md of a report.`);
    });
    await takePictures("report", pageOf(markdown), SIZE);
}

main(process.argv[2]).catch((error: unknown) => {
    console.error(error instanceof UserError ? error.message : error);
    process.exitCode = 1;
});
