import * as pulumi from "@pulumi/pulumi";
import { UpstreamFileError } from "./artifacts";
import { ClusterError } from "./cluster";
import { ConfigError } from "./config";

/**
 * Runs the program; what the user can mend reaches the user as its sentence alone, and only a bug shows a stack trace.
 *
 * @throws pulumi.RunError without a stack: the SDK renders an error with its colours before it prints the sentence, and
 * Node.js 20 needs 20 s of CPU and a gigabyte for a stack that names a scoped package (it colours such names in a loop without end).
 */
export async function withPlainErrors<T>(program: () => Promise<T>): Promise<T> {
    try {
        return await program();
    } catch (error) {
        const mendable = [ConfigError, ClusterError, UpstreamFileError, pulumi.RunError].some((kind) => error instanceof kind);
        if (!mendable) {
            throw error;
        }
        const refusal = new pulumi.RunError((error as Error).message);
        refusal.stack = undefined;
        throw refusal;
    }
}
