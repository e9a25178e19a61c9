import type { KubeConfig } from "@kubernetes/client-node";
import { loadKubeconfig, makeAsk } from "@istio-on-pulumi/kube";

/** A cluster that is there and answers. */
export interface Connection {
    readonly config: KubeConfig;
    readonly context: string;
    readonly server: string;
    /** The API server's version, such as `v1.33.1`. */
    readonly version: string;
}

const WAYS_TO_NAME = { kubeconfig: "--kubeconfig <path>", context: "--context <name>" };

/** Waits for an answer of the API server; lists of a large cluster take their time. */
export const ask = makeAsk({
    timeLimit: 30_000,
    rights: "read the cluster's objects",
    ways: WAYS_TO_NAME,
});

/**
 * Connects to the cluster of a kubeconfig's context; the default is the user's own.
 *
 * @throws UserError where the kubeconfig does not hold it, or where it does not answer
 */
export async function connect(reference: { kubeconfig?: string; context?: string }): Promise<Connection> {
    const config = await loadKubeconfig(reference, WAYS_TO_NAME);
    const { VersionApi } = await import("@kubernetes/client-node");
    const context = config.currentContext;
    const server = config.getCurrentCluster()?.server ?? "";
    const { gitVersion } = await ask(
        `The cluster of context ${JSON.stringify(context)} (${server})`,
        config.makeApiClient(VersionApi).getCode(),
    );
    return { config, context, server, version: gitVersion };
}
