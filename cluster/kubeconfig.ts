import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { KubeConfig } from "@kubernetes/client-node";
import { ClusterError } from "./error";

/** Which cluster the stack speaks to, as the user names it. */
export interface ClusterReference {
    /** Path of a kubeconfig, `~/` allowed; `undefined` means $KUBECONFIG (several paths are merged), else `~/.kube/config`. */
    readonly kubeconfig?: string;
    /** A context of it; `undefined` means its current context. */
    readonly context?: string;
}

/**
 * Loads the kubeconfig by the same rules as the Kubernetes plugin and selects the context.
 *
 * @throws ClusterError where the file or the context does not exist
 */
export async function loadKubeconfig(reference: ClusterReference): Promise<KubeConfig> {
    const { KubeConfig: Loader } = await import("@kubernetes/client-node");
    const config = new Loader();
    const source = reference.kubeconfig ?? process.env.KUBECONFIG ?? "~/.kube/config";
    try {
        if (reference.kubeconfig !== undefined) {
            config.loadFromFile(expandHome(reference.kubeconfig));
        } else if (process.env.KUBECONFIG || existsSync(expandHome(source))) {
            config.loadFromDefault();
        }
    } catch (error) {
        throw new ClusterError(`The kubeconfig ${source} cannot be read (${(error as Error).message}); name another with: pulumi config set kubeconfig <path>`);
    }
    if (config.contexts.length === 0) {
        throw new ClusterError(`There is no kubeconfig at ${source}, or it holds no context; name one with: pulumi config set kubeconfig <path>`);
    }
    const names = config.contexts.map((context) => context.name);
    const wanted = reference.context ?? config.currentContext;
    if (!names.includes(wanted)) {
        throw new ClusterError(`The kubeconfig ${source} has no context ${JSON.stringify(wanted)}; allowed: ${names.join(", ")}. Choose one with: pulumi config set context <name>`);
    }
    config.setCurrentContext(wanted);
    if (config.getCurrentCluster() === null) {
        throw new ClusterError(`Context ${JSON.stringify(wanted)} of the kubeconfig ${source} names a cluster that the file does not hold; repair the file or choose another with: pulumi config set context <name>`);
    }
    return config;
}

function expandHome(path: string): string {
    return path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;
}
