import * as command from "@pulumi/command";
import type * as pulumi from "@pulumi/pulumi";

/**
 * A command that does nothing and never changes: what it was first made with stays in the state, and is an output of it
 * in every later run, in a preview too.
 *
 * @param environment what is to be kept; only the first one is
 */
export function keptCommand(
    name: string,
    environment: pulumi.Input<Record<string, pulumi.Input<string>>>,
    opts: pulumi.CustomResourceOptions,
): command.local.Command {
    return new command.local.Command(
        name,
        { create: "exit 0", environment, addPreviousOutputInEnv: false },
        { ...opts, ignoreChanges: ["create", "environment"] },
    );
}
