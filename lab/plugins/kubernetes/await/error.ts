import type { Tree } from "../object/tree";

/** An object that exists but is not (yet) what the program waits for. */
export class AwaitError extends Error {
    constructor(
        message: string,
        /** the object as it was last seen */
        readonly live: Tree | undefined,
        /** what is known of the cause, for people */
        readonly reasons: string[] = [],
    ) {
        super(message);
    }
}
