import type { KubeConfig } from "@kubernetes/client-node";
import { makeAsk } from "../../cluster/ask";
import { ClusterError } from "../../cluster/error";
import { loadKubeconfig } from "../../cluster/kubeconfig";
import { InspectError } from "../error";

/** A cluster that is there and answers. */
export interface Connection {
    readonly config: KubeConfig;
    readonly context: string;
    readonly server: string;
    /** The API server's version, such as `v1.33.1`. */
    readonly version: string;
}

/** Waits for an answer of the API server; lists of a large cluster take their time. */
export const ask = makeAsk({
    timeLimit: 30_000,
    Failure: InspectError,
    whereRefused: "use a kubeconfig whose user may read the cluster's objects, with --kubeconfig <path> or --context <name>.",
    whereUnreachable: "name another with --context <name>.",
});

/**
 * Connects to the cluster of a kubeconfig's context; the default is the user's own.
 *
 * @throws InspectError where the kubeconfig does not hold it, or where it does not answer
 */
export async function connect(reference: { kubeconfig?: string; context?: string }): Promise<Connection> {
    let config: KubeConfig;
    try {
        config = await loadKubeconfig(reference);
    } catch (error) {
        if (!(error instanceof ClusterError)) throw error;
        throw new InspectError(error.message.replace(/with: pulumi config set (kubeconfig|context) (<\w+>)/g, "with --$1 $2"));
    }
    const { VersionApi } = await import("@kubernetes/client-node");
    const context = config.currentContext;
    const server = config.getCurrentCluster()?.server ?? "";
    const { gitVersion } = await ask(`The cluster of context ${JSON.stringify(context)} (${server})`, config.makeApiClient(VersionApi).getCode());
    return { config, context, server, version: gitVersion };
}
