/** A failure whose message is one sentence for the user: what is wrong, where, and what to do. Any other error is a bug. */
export class LabFailure extends Error {
    override readonly name = "LabFailure";
}

/** The reason inside an unknown error, as one line. */
export function reasonOf(error: unknown): string {
    const message = error instanceof Error ? error.message : String(error);
    return message.trim().split("\n")[0] ?? "";
}
