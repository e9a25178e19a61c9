import type { KubeConfig } from "@kubernetes/client-node";
import { NODE_NAME } from "./addresses";
import { until } from "./probes";

/** Taint that the node controller takes away some time after the node has said that it is ready. */
const NOT_READY = "node.kubernetes.io/not-ready";
const LIMIT_MS = 60_000;

/**
 * Resolves when pods can be scheduled to the node, as installers wait for it: until then a cluster refuses a stack.
 *
 * @throws Error where that takes longer than a minute
 */
export async function untilNodeTakesPods(config: KubeConfig, signal: AbortSignal): Promise<void> {
    const { CoreV1Api } = await import("@kubernetes/client-node");
    const api = config.makeApiClient(CoreV1Api);
    const takesPods = async () => {
        const { spec, status } = await api.readNode({ name: NODE_NAME });
        const isReady = status?.conditions?.some((each) => each.type === "Ready" && each.status === "True") ?? false;
        return isReady && !spec?.taints?.some(({ key }) => key === NOT_READY);
    };
    const took = await until(takesPods, { timeoutMs: LIMIT_MS, everyMs: 100, signal });
    if (!took && !signal.aborted) throw new Error(`the node takes no pods after ${LIMIT_MS / 1000} s`);
}
