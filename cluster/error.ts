/** A cluster that cannot be used as it is; the message is one sentence for the user. */
export class ClusterError extends Error {
    override readonly name = "ClusterError";
}

/** The innermost cause of a caught value, on one line, for use inside a sentence. */
export function reasonOf(error: unknown): string {
    let innermost = error;
    while (innermost instanceof Error && innermost.cause instanceof Error) innermost = innermost.cause;
    const text = innermost instanceof Error ? innermost.message || innermost.name : String(innermost);
    return (text.split("\n").find((line) => line.trim() !== "") ?? text).trim().replace(/\.$/, "");
}
