import type { ClusterClient } from "@istio-on-pulumi/kube";

interface Node {
    metadata: { name: string };
    spec?: { unschedulable?: boolean; taints?: { key: string; value?: string; effect: string }[] };
    status?: { conditions?: { type: string; status: string }[] };
}

interface NodePage {
    metadata?: { continue?: string };
    items: Node[];
}

/**
 * Says why no node takes a pod without tolerations, if none does.
 *
 * Reads nodes until one is found that does, fifty at a time, so that the cost does not grow with the cluster.
 */
export async function noSchedulableNode(client: ClusterClient): Promise<string[]> {
    const reasons: string[] = [];
    let next = "";
    do {
        const page = await client.get<NodePage>(`/api/v1/nodes?limit=50${next && `&continue=${next}`}`, {
            absent: [403],
        });
        if (page === undefined) return [];
        for (const node of page.items) {
            const reason = whyNot(node);
            if (reason === undefined) return [];
            reasons.push(`${node.metadata.name} (${reason})`);
        }
        next = encodeURIComponent(page.metadata?.continue ?? "");
    } while (next !== "");
    if (reasons.length === 0) return ["it has no node, so no pod would ever start; add one first"];
    const shown = reasons.slice(0, 5).join(", ");
    const more = reasons.length > 5 ? ` and ${reasons.length - 5} more` : "";
    return [`no node takes a pod: ${shown}${more}; make one schedulable first (kubectl uncordon, kubectl taint)`];
}

function whyNot({ spec, status }: Node): string | undefined {
    const taint = spec?.taints?.find(({ effect }) => effect === "NoSchedule" || effect === "NoExecute");
    if (spec?.unschedulable) return "cordoned";
    if (taint !== undefined) return `taint ${taint.key}${taint.value ? `=${taint.value}` : ""}:${taint.effect}`;
    const ready = status?.conditions?.find(({ type }) => type === "Ready");
    return ready?.status === "True" ? undefined : "not ready";
}
