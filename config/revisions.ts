import { ISTIO_NAMESPACE, WITHOUT_REVISION } from "@istio-on-pulumi/kube";
import { removeCommand, setCommand } from "./problems";
import type { GivenSettings } from "./schema";

/** What does not go together in the settings of an upgrade by revision. */
export function revisionContradictions({ istio, namespaces, ...s }: GivenSettings, project: string): string[] {
    const names = Object.keys(istio.revisions);
    const known = names.length === 0 ? `none: ${project}:istio.revisions is empty` : names.join(", ");
    const places = [s.bookinfo.enabled ? s.bookinfo.namespace : undefined, s.gateway.namespace].filter(
        (name) => name !== undefined,
    );
    const found: string[] = [];
    if (names.includes(WITHOUT_REVISION)) {
        found.push(
            `${project}:istio.revisions has "${WITHOUT_REVISION}", which is Istio's name of the control plane without a ` +
                `revision; allowed: any other name, such as 1-26-0. Remove it with: ` +
                removeCommand(`istio.revisions.${WITHOUT_REVISION}`),
        );
    }
    if (istio.defaultRevision !== undefined && !names.includes(istio.defaultRevision)) {
        found.push(
            `${project}:istio.defaultRevision is "${istio.defaultRevision}", which is no revision; allowed: ${known}. ` +
                `Change it with: ${removeCommand("istio.defaultRevision")}`,
        );
    }
    if (istio.onlyRevisions && istio.defaultRevision === undefined) {
        found.push(
            `${project}:istio.onlyRevisions is true while ${project}:istio.defaultRevision is empty, so that no control ` +
                `plane would inject where no revision is named; allowed: ${known}. Set one with: ` +
                setCommand("istio.defaultRevision", "<revision>"),
        );
    }
    for (const [namespace, revision] of Object.entries(namespaces.revisions)) {
        const path = `namespaces.revisions.${namespace}`;
        if (!places.includes(namespace)) {
            const why =
                namespace === ISTIO_NAMESPACE
                    ? "which has no sidecars"
                    : "in which the stack has no sidecar and no gateway";
            found.push(
                `${project}:${path} names the namespace ${namespace}, ${why}; allowed: ${places.join(", ") || "none"}. ` +
                    `Remove it with: ${removeCommand(path)}`,
            );
        }
        if (!names.includes(revision)) {
            found.push(
                `${project}:${path} is "${revision}", which is no revision; allowed: ${known}. ` +
                    `Change it with: ${removeCommand(path)}`,
            );
        }
    }
    return found;
}
