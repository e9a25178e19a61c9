import * as pulumi from "@pulumi/pulumi";
import { UpstreamFiles } from "../upstream";

/** The upstream files of this program: charts are laid out in its project's directory. */
export function openUpstream(bundle: string | undefined): UpstreamFiles {
    return UpstreamFiles.open({ projectDir: pulumi.runtime.getRootDirectory(), bundleDir: bundle });
}
