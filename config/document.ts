import { type Document, parseDocument } from "yaml";
import { z } from "zod";
import { settings } from "./schema";
import { type Facts, FACTS } from "./setting";
import { LEAVES } from "./tree";

/** What a reader is told of a setting, in one text. */
const told = ({ description, allowed, cost }: Facts) => `${description} Allowed: ${allowed}. A change: ${cost}.`;

/**
 * `Pulumi.yaml` with its `config` block made from the schema; all else in the file stays, keys of other namespaces too.
 *
 * The keys carry no `type`: the engine would then refuse a value in words that name neither it nor what is allowed. A
 * group's default is the whole of it: the engine takes it only where a stack says nothing of the group.
 */
export function documentProject(projectYaml: string): string {
    const document: Document = parseDocument(projectYaml);
    const others = Object.entries((document.toJS() as { config?: object }).config ?? {}).filter(([key]) =>
        key.includes(":"),
    );
    const own = Object.keys(settings.shape).map((key) => {
        const inside = LEAVES.filter(({ path }) => path === key || path.startsWith(`${key}.`));
        const lines = inside.map(({ path, facts }) => (path === key ? told(facts) : `${path}: ${told(facts)}`));
        return [key, { description: lines.join("\n"), default: defaultsOf(key) }];
    });
    document.set("config", document.createNode(Object.fromEntries([...others, ...own])));
    return document.toString({ lineWidth: 0 });
}

/** The defaults below a key of the project, without those that are empty. */
function defaultsOf(key: string): unknown {
    const fallback = settings.shape[key as keyof typeof settings.shape];
    if (FACTS.has(fallback)) return fallback.safeParse(undefined).data ?? "";
    const result = {};
    for (const { path, type } of LEAVES.filter((leaf) => leaf.path.startsWith(`${key}.`))) {
        const value = type.parse(undefined);
        if (value !== undefined) put(result, path.split(".").slice(1), value);
    }
    return result;
}

function put(object: Record<string, unknown>, [first, ...rest]: readonly string[], value: unknown): void {
    if (rest.length === 0) object[first!] = value;
    else put((object[first!] ??= {}) as Record<string, unknown>, rest, value);
}

const TABLE = /(<!-- settings: begin -->\n)[\s\S]*?(<!-- settings: end -->)/;

/** A Markdown text with the table of settings between its two marks made from the schema. */
export function documentReadme(markdown: string): string {
    const rows = LEAVES.map(({ path, type, facts }) => {
        const value = type.parse(undefined);
        const fallback = value === undefined ? "" : `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
        const [meaning, allowed, cost] = [facts.description, facts.allowed, facts.cost].map(cell);
        return `| \`${path}\` | ${fallback} | ${meaning} | ${allowed} | ${cost} |`;
    });
    const table = ["| Path | Default | Meaning | Allowed | A change |", "|---|---|---|---|---|", ...rows].join("\n");
    if (!TABLE.test(markdown)) {
        throw new Error("The README lacks the marks <!-- settings: begin --> and <!-- settings: end -->");
    }
    return markdown.replace(TABLE, (_, begin: string, end: string) => `${begin}${table}\n${end}`);
}

function cell(text: string): string {
    return text.replaceAll("|", "\\|");
}

/** A JSON Schema of `Pulumi.<stack>.yaml`, for editors. */
export function documentSchema(project: string): string {
    const { $schema, properties } = z.toJSONSchema(settings, {
        io: "input",
        target: "draft-7",
        override: ({ zodSchema, jsonSchema }) => {
            // Every setting has a default or may be absent, so that no group must be there.
            delete jsonSchema.required;
            const facts = FACTS.get(zodSchema);
            if (facts === undefined) return;
            jsonSchema.description = told(facts);
            acceptText(jsonSchema);
            // A value that was set with --secret.
            if (facts.isSecret) jsonSchema.anyOf = [...(jsonSchema.anyOf ?? []), SECURE];
        },
    });
    const own = Object.fromEntries(Object.entries(properties!).map(([key, schema]) => [`${project}:${key}`, schema]));
    const schema = {
        $schema,
        title: `Settings of a stack of ${project}`,
        type: "object",
        properties: {
            config: {
                type: "object",
                properties: own,
                patternProperties: { [`^(?!${project}:)`]: {} },
                additionalProperties: false,
            },
            environment: {},
            secretsprovider: { type: "string" },
            encryptedkey: { type: "string" },
            encryptionsalt: { type: "string" },
        },
        additionalProperties: false,
    };
    return `${JSON.stringify(schema, undefined, 4)}\n`;
}

/** What the program takes as text, too: an editor must not call it wrong. */
function acceptText(schema: z.core.JSONSchema.BaseSchema): void {
    if (schema.type === "boolean") Object.assign(schema, { type: undefined, enum: [true, false, "true", "false"] });
    if (schema.type === "integer" || schema.type === "number") {
        Object.assign(schema, { type: [schema.type, "string"], pattern: "^\\d+(\\.\\d+)?$" });
    }
}

const SECURE = { type: "object" as const, properties: { secure: { type: "string" as const } }, required: ["secure"] };
