/**
 * A failure that the reader of the message can act on, as opposed to a bug: the message is one
 * complete sentence that says what is wrong, where, and what to do.
 */
export class UpstreamFileError extends Error {
    override readonly name = "UpstreamFileError";
}

/**
 * The shortest honest description of a caught value, for use inside such a sentence: the innermost
 * cause on one line, without its stack.
 */
export function reasonOf(error: unknown): string {
    let innermost = error;
    while (innermost instanceof Error && innermost.cause instanceof Error) innermost = innermost.cause;
    const text = innermost instanceof Error ? innermost.message || codeOf(innermost) || innermost.name : String(innermost);
    return text.replace(/\s+/g, " ").trim();
}

/** The `code` of a file system or network error (`ENOENT`, `EEXIST`, ...), if it has one. */
export function codeOf(error: unknown): string | undefined {
    const code = (error as { code?: unknown } | undefined)?.code;
    return typeof code === "string" ? code : undefined;
}
