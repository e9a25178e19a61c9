import { type ClusterClient, type ClusterReference, openCluster, UserError } from "@istio-on-pulumi/kube";

/** The cluster as the program finds it. */
export interface ClusterSurvey {
    /** Asks it; what `where` begins is a sentence about it. */
    readonly client: ClusterClient;
    /** The API server's version, such as `v1.33.1`. */
    readonly kubernetesVersion: string;
    /** UID of the namespace `kube-system`, which no other cluster has. */
    readonly uid: string;
}

const WAYS_TO_NAME = {
    kubeconfig: "pulumi config set --path cluster.kubeconfig <path>",
    context: "pulumi config set --path cluster.context <name>",
};

/**
 * Looks at the cluster that `reference` names.
 *
 * @throws UserError where the cluster cannot be reached or refuses the user
 */
export async function surveyCluster(reference: ClusterReference): Promise<ClusterSurvey> {
    const client = await openCluster(reference, {
        timeLimit: 15_000,
        rights: "administer the cluster",
        ways: WAYS_TO_NAME,
    });
    // The version first and alone: an unreachable cluster is then one failure with one sentence, not five.
    const { gitVersion } = await client.get<{ gitVersion?: string }>("/version");
    const { metadata } = await client.get<{ metadata?: { uid?: string } }>("/api/v1/namespaces/kube-system");
    if (typeof gitVersion !== "string" || typeof metadata?.uid !== "string") {
        throw new UserError(
            `${client.where} is no Kubernetes API server: it tells no version, or no UID of its namespace kube-system; ` +
                `name another with: ${WAYS_TO_NAME.context}`,
        );
    }
    return { client, kubernetesVersion: gitVersion, uid: metadata.uid };
}

/**
 * Makes sure that the cluster is the stack's: contexts of other clusters often have the same name.
 *
 * @param expected the UID that the stack's settings name, else the one that its state holds
 * @throws UserError where it is another one
 */
export function checkIdentity({ client, uid }: ClusterSurvey, expected: string | undefined): void {
    if (expected !== undefined && expected !== uid) {
        throw new UserError(
            `${client.where} is not the one that this stack belongs to: the UID of its namespace kube-system is ` +
                `${uid}, not ${expected}; nothing was changed. Name the right one with: ${WAYS_TO_NAME.context} ` +
                `or ${WAYS_TO_NAME.kubeconfig}. If the stack's cluster was rebuilt and is this one now, ` +
                `say so with: pulumi config set --path cluster.uid ${uid}, and then run: pulumi up --refresh`,
        );
    }
}
