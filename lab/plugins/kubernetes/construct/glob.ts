import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** The paths that match a shell pattern with `*`, `?` and `[...]`, none of which crosses a slash. */
export function matchingFiles(pattern: string): string[] {
    const [first = "", ...rest] = pattern.split("/");
    const start = pattern.startsWith("/") ? ["/"] : [""];
    return (first === "" ? rest : [first, ...rest]).reduce(step, start);
}

function step(folders: string[], segment: string): string[] {
    return folders.flatMap((folder) => {
        if (!/[*?[]/.test(segment)) {
            const path = join(folder, segment);
            return existsSync(path) ? [path] : [];
        }
        const matches = toRegExp(segment);
        return entries(folder)
            .filter((name) => matches.test(name) && (segment.startsWith(".") || !name.startsWith(".")))
            .map((name) => join(folder, name));
    });
}

function entries(folder: string): string[] {
    try {
        return readdirSync(folder || ".");
    } catch {
        return [];
    }
}

function toRegExp(segment: string): RegExp {
    const body = segment.replace(/\\.|[.+^${}()|]|\*|\?|\[!/g, (token) => {
        if (token === "*") return ".*";
        if (token === "?") return ".";
        if (token === "[!") return "[^";
        return token.startsWith("\\") ? token : `\\${token}`;
    });
    return new RegExp(`^${body}$`);
}
