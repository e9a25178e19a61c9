import { type Document, parseDocument } from "yaml";
import { settings } from "./schema";
import type { Setting } from "./setting";

const all = Object.entries(settings) as [string, Setting<unknown>][];

/**
 * `Pulumi.yaml` with its `config` block made from the schema; all else in the file stays, keys of other namespaces too.
 *
 * The settings carry no `type`: the engine would then refuse a value in words that name neither it nor what is allowed.
 */
export function documentProject(projectYaml: string): string {
    const document: Document = parseDocument(projectYaml);
    const others = Object.entries((document.toJS() as { config?: object }).config ?? {}).filter(([key]) =>
        key.includes(":"),
    );
    const own = all.map(([key, setting]) => [
        key,
        {
            description: `${setting.description} Allowed: ${setting.allowed}. A change: ${setting.cost}.`,
            default: typed(setting.default),
        },
    ]);
    document.set("config", document.createNode(Object.fromEntries([...others, ...own])));
    return document.toString({ lineWidth: 0 });
}

const TABLE = /(<!-- settings: begin -->\n)[\s\S]*?(<!-- settings: end -->)/;

/** A Markdown text with the table of settings between its two marks made from the schema. */
export function documentReadme(markdown: string): string {
    const rows = all.map(([key, setting]) => {
        const fallback = setting.default && `\`${setting.default}\``;
        const [meaning, allowed, cost] = [setting.description, setting.allowed, setting.cost].map(cell);
        return `| \`${key}\` | ${fallback} | ${meaning} | ${allowed} | ${cost} |`;
    });
    const table = ["| Key | Default | Meaning | Allowed | A change |", "|---|---|---|---|---|", ...rows].join("\n");
    if (!TABLE.test(markdown)) {
        throw new Error("The README lacks the marks <!-- settings: begin --> and <!-- settings: end -->");
    }
    return markdown.replace(TABLE, (_, begin: string, end: string) => `${begin}${table}\n${end}`);
}

function cell(text: string): string {
    return text.replaceAll("|", "\\|");
}

/** A default as YAML has it: true, 0 and {} rather than their texts. */
function typed(text: string): unknown {
    return /^(true|false|\d+|\{.*\}|\[.*\])$/.test(text) ? JSON.parse(text) : text;
}
