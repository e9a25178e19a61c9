import { type ClusterClient, type ClusterReference, openCluster } from "@istio-on-pulumi/kube";

/** A cluster that is there and answers. */
export interface Connection {
    readonly client: ClusterClient;
    readonly context: string;
    readonly server: string;
    /** The API server's version, such as `v1.33.1`. */
    readonly version: string;
}

/** Lists of a large cluster take their time; in milliseconds. */
const TIME_LIMIT = 30_000;

/**
 * Connects to the cluster of a kubeconfig's context; the default is the user's own.
 *
 * @throws UserError where the kubeconfig does not hold it, or where it does not answer
 */
export async function connect(reference: ClusterReference): Promise<Connection> {
    const client = await openCluster(reference, {
        timeLimit: TIME_LIMIT,
        rights: "read the cluster's objects",
        ways: { kubeconfig: "--kubeconfig <path>", context: "--context <name>" },
    });
    const { gitVersion } = await client.get<{ gitVersion: string }>("/version");
    return { client, context: client.context, server: client.server, version: gitVersion };
}
