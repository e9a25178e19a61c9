import * as pulumi from "@pulumi/pulumi";
import { UpstreamFileError } from "./artifacts";
import { ClusterError } from "./cluster";
import { ConfigError } from "./config";

/**
 * Runs the program; what the user can mend reaches the user as its sentence alone, and only a bug shows a stack trace.
 */
export async function withPlainErrors<T>(program: () => Promise<T>): Promise<T> {
    try {
        return await program();
    } catch (error) {
        const mendable = [ConfigError, ClusterError, UpstreamFileError].some((kind) => error instanceof kind);
        throw mendable ? new pulumi.RunError((error as Error).message) : error;
    }
}
