/** A cluster that cannot be used as it is; the message is one sentence for the user. */
export class ClusterError extends Error {
    override readonly name = "ClusterError";
}
