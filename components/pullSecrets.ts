import type * as pulumi from "@pulumi/pulumi";
import { mapInput } from "./inputs";

/** Names of the Secrets with which images are pulled. */
export type PullSecrets = pulumi.Input<pulumi.Input<string>[]>;

/** The part of a pod's spec that names the Secrets with which its images are pulled; nothing where there are none. */
export function pulledWith(names: PullSecrets | undefined): { imagePullSecrets?: pulumi.Input<object[]> } {
    if (names === undefined || (Array.isArray(names) && names.length === 0)) return {};
    return { imagePullSecrets: mapInput(names, (known) => known.map((name) => ({ name }))) };
}
