import { UserError } from "@istio-on-pulumi/kube";
import type { ClusterHoldings } from "../holdings";
import type { PlannedObject } from "../objects";
import type { ClusterSurvey } from "../survey";
import { type PlannedPod, refusedPods } from "./admission";
import { type FixedPort, noLoadBalancer, refusedPort } from "./exposure";
import { oldKubernetes, otherDomain } from "./kubernetes";
import { noSchedulableNode } from "./nodes";
import { missingPermissions } from "./permissions";

export { type PlannedPod, sidecarPod } from "./admission";

/** What the update needs of the cluster. */
export interface Needs {
    /** The version of Istio that is to be installed. */
    readonly istioVersion: string;
    readonly planned: readonly PlannedObject[];
    /** A pod of each kind that the update will have made. */
    readonly pods: readonly PlannedPod[];
    readonly fixedPorts: readonly FixedPort[];
    /** Whether changes are only tried. */
    readonly isPreview: boolean;
    /** The Service that is to be of type LoadBalancer, if one is. */
    readonly loadBalancer?: { readonly service: string; readonly namespace: string };
}

const WORKLOADS = ["Deployment", "StatefulSet"];

/**
 * Makes sure, before anything is changed, that what can be known of the cluster lets the update succeed.
 *
 * What only a new workload needs is asked while one is missing, so that a stack that is up is not held back by a
 * cordoned node or a full quota.
 * @throws UserError with all that is missing, a line each
 */
export async function checkRequirements(survey: ClusterSurvey, holdings: ClusterHoldings, needs: Needs): Promise<void> {
    const { client, kubernetesVersion } = survey;
    const { usedNamespaces } = holdings;
    const { isPreview } = needs;
    const starts = needs.planned.some(
        ({ kind, name, namespace }) => WORKLOADS.includes(kind) && !holdings.holds(kind, name, namespace),
    );
    const exists = (namespace: string) => holdings.holds("Namespace", namespace);
    const asked = await Promise.all([
        missingPermissions(client, needs.planned, { usedNamespaces, isPreview }),
        ...needs.fixedPorts.map((fixed) => refusedPort(client, fixed, exists)),
        ...(needs.loadBalancer ? [noLoadBalancer(client, kubernetesVersion)] : []),
        ...(starts ? [noSchedulableNode(client), otherDomain(client), refusedPods(client, needs.pods, exists)] : []),
    ]);
    const all = [...oldKubernetes(kubernetesVersion, needs.istioVersion), ...asked.flat()];
    if (all.length > 0) {
        const lines = all.map((line) => `\n  ${line}`).join("");
        throw new UserError(`${client.where} cannot take this update as it is; nothing was changed.${lines}`);
    }
}
