import {
    compareMinors,
    ISTIO_NAMESPACE,
    minorOf,
    type ObjectMetadata,
    REVISION_LABEL,
    UserError,
    WITHOUT_REVISION,
} from "@istio-on-pulumi/kube";
import { STACK_LABEL } from "./marks";
import type { ClusterSurvey } from "./survey";

/** Every pod with a proxy of Istio's has it, gateways too. */
const IN_MESH = "service.istio.io/canonical-name";

/**
 * Makes sure that the stack's control planes can become what is wanted without an outage.
 *
 * @param stack the stack's identity; before its first update it has no control plane
 * @param wanted the version of each control plane by its revision
 * @throws UserError where one would skip a minor version or go back to an older one, or is to go while proxies need it
 */
export async function checkControlPlanes(
    { client }: ClusterSurvey,
    stack: string | undefined,
    wanted: Readonly<Record<string, string>>,
): Promise<void> {
    if (stack === undefined) return;
    const path = `/apis/apps/v1/namespaces/${ISTIO_NAMESPACE}/deployments`;
    const deployments = (await client.listMetadata(path, { absent: [403, 404], selector: "app=istiod" })) ?? [];
    const ours = deployments.filter(({ labels }) => labels?.[STACK_LABEL] === stack);
    const removed: string[] = [];
    for (const { labels } of ours) {
        const revision = labels?.[REVISION_LABEL] ?? WITHOUT_REVISION;
        const version = wanted[revision];
        if (version === undefined) removed.push(revision);
        else checkStep(client.where, revision, labels?.["app.kubernetes.io/version"], version);
    }
    if (removed.length > 0) await checkUnused(client, removed);
}

function checkStep(where: string, revision: string, live: string | undefined, wanted: string): void {
    const [from, to] = [minorOf(live ?? ""), minorOf(wanted)];
    if (from === undefined || to === undefined || from === to) return;
    const plane = revision === WITHOUT_REVISION ? "the control plane" : `the control plane of revision ${revision}`;
    const [major, minor] = from.split(".").map(Number);
    if (compareMinors(to, from) < 0) {
        throw new UserError(
            `${where} has ${plane} at Istio ${live}, and going back in place to ${wanted} could lose what only the CRDs ` +
                `of ${from} know; keep ${live}, or go back by a revision (docs/upgrades.md)`,
        );
    }
    if (to !== `${major}.${minor! + 1}`) {
        throw new UserError(
            `${where} has ${plane} at Istio ${live}, and Istio's upgrades go one minor version at a time: ` +
                `${major}.${minor! + 1} comes before ${wanted}`,
        );
    }
}

/** A control plane that goes takes configuration and certificates from every proxy that still asks it. */
async function checkUnused(client: ClusterSurvey["client"], removed: readonly string[]): Promise<void> {
    const pods = (await client.listMetadata("/api/v1/pods", { absent: [403], selector: IN_MESH })) ?? [];
    for (const revision of removed) {
        const users = pods.filter((pod) => revisionOf(pod) === revision && pod.deletionTimestamp === undefined);
        if (users.length === 0) continue;
        const namespaces = [...new Set(users.map(({ namespace }) => namespace ?? ""))].sort();
        const which = revision === WITHOUT_REVISION ? "without a revision" : `of revision ${revision}`;
        throw new UserError(
            `${client.where} has ${users.length} ${users.length === 1 ? "proxy" : "proxies"} of the control plane ` +
                `${which}, which is to be removed, in the namespaces ${namespaces.join(", ")}; move them first: give each ` +
                `namespace another revision, and then: kubectl rollout restart deployment -n ${namespaces[0]}`,
        );
    }
}

function revisionOf({ annotations, labels }: ObjectMetadata): string {
    return annotations?.[REVISION_LABEL] ?? labels?.[REVISION_LABEL] ?? WITHOUT_REVISION;
}
