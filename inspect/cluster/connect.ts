import type { KubeConfig } from "@kubernetes/client-node";
import { ClusterError } from "../../cluster/error";
import { loadKubeconfig } from "../../cluster/kubeconfig";
import { InspectError, reasonOf } from "../error";

/** A cluster that is there and answers. */
export interface Connection {
    readonly config: KubeConfig;
    readonly context: string;
    readonly server: string;
    /** The API server's version, such as `v1.33.1`. */
    readonly version: string;
}

/** How long one request may take, in milliseconds. */
const TIME_LIMIT = 30_000;

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

/**
 * Waits for an answer.
 *
 * @param absent HTTP statuses that mean `undefined`
 * @throws InspectError for any other failure, and where none comes in time
 */
export async function ask<T>(where: string, request: Promise<T>): Promise<T>;
export async function ask<T>(where: string, request: Promise<T>, absent: readonly number[]): Promise<T | undefined>;
export async function ask<T>(where: string, request: Promise<T>, absent: readonly number[] = []): Promise<T | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`no answer in ${TIME_LIMIT / 1000} s`)), TIME_LIMIT);
    });
    try {
        return await Promise.race([request, late]);
    } catch (error) {
        const { code } = error as { code?: unknown };
        if (typeof code === "number" && absent.includes(code)) return undefined;
        if (code === 401 || code === 403) throw new InspectError(`${where} refuses this user (HTTP ${code}); use a kubeconfig whose user may read the cluster's objects, with --kubeconfig <path> or --context <name>.`);
        const said = typeof code === "number" ? `HTTP ${code}` : reasonOf(error);
        throw new InspectError(`${where} cannot be reached: ${said}; check that it runs and that this machine reaches it, or name another with --context <name>.`);
    } finally {
        clearTimeout(timer);
    }
}
