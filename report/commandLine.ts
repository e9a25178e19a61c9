import { CommanderError } from "commander";
import { complaintOf, UsageError, UserError } from "@istio-on-pulumi/kube";

/**
 * Ends a command that has failed: prints the reason, unless the user only asked for help, and sets exit code 1.
 *
 * @param help the command that prints its options
 */
export function endFailed(error: unknown, help: string): void {
    if (error instanceof CommanderError && error.exitCode === 0) return;
    const shown = error instanceof CommanderError ? new UsageError(complaintOf(error, help)) : error;
    console.error(shown instanceof UserError ? shown.message : shown);
    process.exitCode = 1;
}
