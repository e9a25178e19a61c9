/**
 * A failure that the user can mend: the message is one sentence that says what is wrong, where, what is allowed and
 * what to
 * do. Anything else that is thrown is a bug and keeps its stack.
 */
export class UserError extends Error {
    override readonly name: string = "UserError";
}

/**
 * The innermost cause of a caught value as the inside of a sentence: its first line that says something, no full
 * stop.
 */
export function reasonOf(error: unknown): string {
    let innermost = error;
    while (innermost instanceof Error && innermost.cause instanceof Error) innermost = innermost.cause;
    const text =
        innermost instanceof Error ? innermost.message || codeOf(innermost) || innermost.name : String(innermost);
    const line = text.split("\n").find((each) => each.trim() !== "") ?? text;
    return line.trim().replace(/\.$/, "");
}

/** The `code` of a file system or network error (`ENOENT`, `EEXIST`, ...), if it has one. */
export function codeOf(error: unknown): string | undefined {
    const code = (error as { code?: unknown } | undefined)?.code;
    return typeof code === "string" ? code : undefined;
}

/** A command line that makes no sense. */
export class UsageError extends UserError {
    override readonly name = "UsageError";
}
