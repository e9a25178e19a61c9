import { setTimeout as pause } from "node:timers/promises";
import { type ClusterClient, UserError } from "@istio-on-pulumi/kube";

interface EndpointSlice {
    readonly endpoints?: readonly {
        readonly conditions?: { readonly ready?: boolean; readonly terminating?: boolean };
    }[];
}

/** How long is waited, which is what the provider waits for most kinds, and how often is looked; in milliseconds. */
const PATIENCE = { limit: 600_000, interval: 500 };

/**
 * Waits until a Service has endpoints and all of them are ready. Whoever may not list EndpointSlices waits for nothing.
 *
 * @throws UserError where that takes longer than the limit
 */
export async function untilServing(
    client: ClusterClient,
    { namespace, name }: { readonly namespace: string; readonly name: string },
    { limit, interval } = PATIENCE,
): Promise<void> {
    const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
    const selection = { selector: `kubernetes.io/service-name=${name}`, absent: [401, 403] };
    const end = Date.now() + limit;
    for (;;) {
        const slices = await client.list<EndpointSlice>(path, selection).catch((error: unknown) => {
            // A server that does not answer just now may do so later.
            if (error instanceof UserError) return [];
            throw error;
        });
        const conditions = slices?.flatMap(({ endpoints }) => endpoints ?? []).map((each) => each.conditions ?? {});
        const staying = conditions?.filter(({ terminating }) => !terminating);
        // A condition that is absent is true, by the API's definition.
        if (staying === undefined || (staying.length > 0 && staying.every(({ ready = true }) => ready))) return;
        if (Date.now() >= end) {
            const lack = staying.length === 0 ? "no endpoint" : "endpoints that are not ready";
            throw new UserError(
                `The Service ${namespace}/${name} has ${lack} after ${Math.round(limit / 60_000)} minutes, so that it ` +
                    `does not answer; check why its pods do not start (kubectl -n ${namespace} get pods), and run ` +
                    "pulumi up again when that is mended",
            );
        }
        await pause(interval);
    }
}
