/**
 * A failure that the user can mend: the message is one complete sentence that says what is wrong,
 * where, and what to do. Anything else that is thrown is a bug.
 */
export class InspectError extends Error {
    override readonly name = "InspectError";
}

/** A command line that makes no sense; the message is one sentence. */
export class UsageError extends Error {
    override readonly name = "UsageError";
}

/** The innermost cause of a caught value, on one line, for use inside such a sentence. */
export function reasonOf(error: unknown): string {
    let innermost = error;
    while (innermost instanceof Error && innermost.cause instanceof Error) innermost = innermost.cause;
    const text = innermost instanceof Error ? innermost.message || innermost.name : String(innermost);
    return (text.split("\n").find((line) => line.trim() !== "") ?? text).trim().replace(/\.$/, "");
}
