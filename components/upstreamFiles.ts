import { isAbsolute } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { UpstreamFiles } from "../upstream";

/** The upstream files of this program: charts are laid out in its project's directory. */
export function openUpstream(bundle: string | undefined): UpstreamFiles {
    // In a component package the SDK knows no root directory, and names none that exists: "rootDirectory". There the
    // process works where the Kubernetes plugin does, which reads the charts.
    const root = pulumi.runtime.getRootDirectory();
    return UpstreamFiles.open({ projectDir: isAbsolute(root) ? root : process.cwd(), bundleDir: bundle });
}
