import * as pulumi from "@pulumi/pulumi";
import { UserError } from "@istio-on-pulumi/kube";

/**
 * Runs the program; what the user can mend reaches the user as its sentence alone, and only a bug shows a stack trace.
 *
 * @throws pulumi.RunError without a stack: the SDK renders an error with its colours before it prints the sentence, and
 * Node.js 20 needs 20 s of CPU and a gigabyte for a stack that names a scoped package, whose colouring does not end.
 */
export async function withPlainErrors<T>(program: () => Promise<T>): Promise<T> {
    try {
        return await program();
    } catch (error) {
        if (!(error instanceof UserError || error instanceof pulumi.RunError)) {
            throw error;
        }
        const refusal = new pulumi.RunError(error.message);
        refusal.stack = undefined;
        throw refusal;
    }
}
