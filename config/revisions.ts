import { WITHOUT_REVISION } from "@istio-on-pulumi/kube";
import { removeCommand, setCommand } from "./problems";
import type { GivenSettings } from "./schema";

/** What does not go together in the settings of an upgrade by revision. */
export function revisionContradictions({ istio, bookinfo }: GivenSettings, project: string): string[] {
    const names = Object.keys(istio.revisions);
    const known = names.length === 0 ? `none: ${project}:istio.revisions is empty` : names.join(", ");
    const found: string[] = [];
    if (names.includes(WITHOUT_REVISION)) {
        found.push(
            `${project}:istio.revisions has "${WITHOUT_REVISION}", which is Istio's name of the control plane without a ` +
                `revision; allowed: any other name, such as 1-26-0. Remove it with: ` +
                removeCommand(`istio.revisions.${WITHOUT_REVISION}`),
        );
    }
    for (const [path, revision] of [
        ["istio.defaultRevision", istio.defaultRevision],
        ["bookinfo.revision", bookinfo.revision],
    ] as const) {
        if (revision === undefined || names.includes(revision)) continue;
        found.push(
            `${project}:${path} is "${revision}", which is no revision; allowed: ${known}. ` +
                `Change it with: ${removeCommand(path)}`,
        );
    }
    if (istio.onlyRevisions && istio.defaultRevision === undefined) {
        found.push(
            `${project}:istio.onlyRevisions is true while ${project}:istio.defaultRevision is empty, so that no control ` +
                `plane would inject where no revision is named; allowed: ${known}. Set one with: ` +
                setCommand("istio.defaultRevision", "<revision>"),
        );
    }
    return found;
}
