import type { Document } from "yaml";

/**
 * What a document in YAML holds, without aliases: a value that JSON could hold, too.
 *
 * @throws Error that repeats nothing of the document, as the library's own complaint about an alias does
 */
export function plainValue(document: Document): unknown {
    try {
        const value: unknown = document.toJS();
        // What holds itself has no end.
        JSON.stringify(value);
        return value;
    } catch {
        throw new Error(
            "an alias in it (*) has no anchor (&) before it, is inside of its anchor, or there are too many",
        );
    }
}
