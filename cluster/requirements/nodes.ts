import type { ClusterClient } from "@istio-on-pulumi/kube";
import { isReady, type Node, readNodePages } from "../nodes";

/**
 * Says why no node takes a pod without tolerations, if none does.
 *
 * Reads nodes until one is found that does, fifty at a time, so that the cost does not grow with the cluster.
 */
export async function noSchedulableNode(client: ClusterClient): Promise<string[]> {
    const reasons: string[] = [];
    for await (const nodes of readNodePages(client, 50)) {
        if (nodes === undefined) return [];
        for (const node of nodes) {
            const reason = whyNot(node);
            if (reason === undefined) return [];
            reasons.push(`${node.metadata.name} (${reason})`);
        }
    }
    if (reasons.length === 0) return ["it has no node, so no pod would ever start; add one first"];
    const shown = reasons.slice(0, 5).join(", ");
    const more = reasons.length > 5 ? ` and ${reasons.length - 5} more` : "";
    return [`no node takes a pod: ${shown}${more}; make one schedulable first (kubectl uncordon, kubectl taint)`];
}

function whyNot(node: Node): string | undefined {
    const { spec } = node;
    const taint = spec?.taints?.find(({ effect }) => effect === "NoSchedule" || effect === "NoExecute");
    if (spec?.unschedulable) return "cordoned";
    if (taint !== undefined) return `taint ${taint.key}${taint.value ? `=${taint.value}` : ""}:${taint.effect}`;
    return isReady(node) ? undefined : "not ready";
}
