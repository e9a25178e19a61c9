import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Archive, Asset, toWire } from "../rpc/values";

/**
 * Files below a folder by glob patterns, relative to it. A later pattern wins; one with `!` takes files out. `*` stops
 * at a slash, `**` does not.
 */
export function matchingFiles(folder: string, patterns: string[]): string[] {
    const rules = patterns.map((pattern) => ({
        excludes: pattern.startsWith("!"),
        matches: globRegExp(pattern.replace(/^!/, "")),
    }));
    return filesBelow(folder).filter((file) =>
        rules.reduce((taken, { excludes, matches }) => (matches.test(file) ? !excludes : taken), false),
    );
}

function filesBelow(folder: string, prefix = ""): string[] {
    return readdirSync(join(folder, prefix), { withFileTypes: true }).flatMap((entry) => {
        const path = prefix ? `${prefix}/${entry.name}` : entry.name;
        return entry.isDirectory() ? filesBelow(folder, path) : [path];
    });
}

function globRegExp(pattern: string): RegExp {
    let depth = 0;
    const body = pattern.replace(/\*\*|\*|\?|\{|\}|,|\\.|[.+^$()|]/g, (token) => {
        if (token === "**") return ".*";
        if (token === "*") return "[^/]*";
        if (token === "?") return "[^/]";
        if (token === "{" || token === "}") depth += token === "{" ? 1 : -1;
        if (token === "{") return "(?:";
        if (token === "}") return ")";
        if (token === ",") return depth > 0 ? "|" : ",";
        return token.startsWith("\\") ? token : `\\${token}`;
    });
    return new RegExp(`^${body}$`);
}

/** The files as assets by their path in the folder. */
export function assetsOf(folder: string, patterns: string[]): Record<string, Asset> {
    return Object.fromEntries(matchingFiles(folder, patterns).map((file) => [file, fileAsset(join(folder, file))]));
}

/** The files as one archive. */
export function archiveOf(folder: string, patterns: string[]): Archive {
    const assets = assetsOf(folder, patterns);
    const hash = createHash("sha256");
    for (const [name, { fields }] of Object.entries(assets).sort()) hash.update(`${name}\0${fields.hash}\0`);
    return new Archive({ assets: toWire(assets), hash: hash.digest("hex") });
}

function fileAsset(path: string): Asset {
    return new Asset({ path, hash: createHash("sha256").update(readFileSync(path)).digest("hex") });
}
