/** Something that whoever starts a workload must mend; its message is one sentence that says what and how. */
export class UsageError extends Error {
    override readonly name = "UsageError";
}
