export { reasonOf } from "../cluster/error";

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
