import type { ClusterClient } from "@istio-on-pulumi/kube";

/** A node, as far as the program looks at it. */
export interface Node {
    metadata: { name: string; deletionTimestamp?: string };
    spec?: { unschedulable?: boolean; taints?: { key: string; value?: string; effect: string }[] };
    status?: {
        addresses?: { type: string; address: string }[];
        conditions?: { type: string; status: string }[];
    };
}

/**
 * Reads nodes a few at a time, so that whoever stops at the first that will do has a cost that does not grow with the
 * cluster. `undefined` where this user may not list them.
 */
export async function* readNodePages(client: ClusterClient, size: number): AsyncGenerator<Node[] | undefined> {
    let next = "";
    do {
        const page = await client.get<{ metadata?: { continue?: string }; items: Node[] }>(
            `/api/v1/nodes?limit=${size}${next && `&continue=${next}`}`,
            { absent: [403] },
        );
        yield page?.items;
        next = encodeURIComponent(page?.metadata?.continue ?? "");
    } while (next !== "");
}

export function isReady({ status }: Node): boolean {
    return status?.conditions?.find(({ type }) => type === "Ready")?.status === "True";
}
