import type * as Client from "@kubernetes/client-node";
import { type ClusterClient, RefusedError } from "@istio-on-pulumi/kube";
import type { Connection } from "./connect";
import type { ClusterSnapshot, Gateway, HttpRoute } from "./snapshot";

const FORBIDDEN = 403;
const NOT_FOUND = 404;

/** What was read, and what this user may not read. */
export interface Reading {
    readonly snapshot: ClusterSnapshot;
    /** Kinds that the user may not list, such as `nodes`; their lists are empty. */
    readonly refused: readonly string[];
}

/**
 * Reads all that the inspections look at. It changes nothing.
 *
 * @throws UserError where a list that every inspection needs is refused
 */
export async function readCluster({ client }: Connection): Promise<Reading> {
    const refused: string[] = [];
    const optional = <T>(api: string, kind: string): Promise<T[]> => listPermitted(client, api, kind, refused);
    const gatewayApi = "/apis/gateway.networking.k8s.io/v1";

    const [namespaces, pods, services, endpointSlices, nodes, deployments, webhooks, gateways, routes] =
        await Promise.all([
            client.list<Client.V1Namespace>("/api/v1/namespaces"),
            client.list<Client.V1Pod>("/api/v1/pods"),
            client.list<Client.V1Service>("/api/v1/services"),
            client.list<Client.V1EndpointSlice>("/apis/discovery.k8s.io/v1/endpointslices"),
            optional<Client.V1Node>("/api/v1", "nodes"),
            optional<Client.V1Deployment>("/apis/apps/v1", "deployments"),
            optional<Client.V1MutatingWebhookConfiguration>(
                "/apis/admissionregistration.k8s.io/v1",
                "mutatingwebhookconfigurations",
            ),
            optional<Gateway>(gatewayApi, "gateways"),
            optional<HttpRoute>(gatewayApi, "httproutes"),
        ]);
    return {
        snapshot: { namespaces, pods, services, endpointSlices, nodes, deployments, webhooks, gateways, routes },
        refused,
    };
}

/**
 * A list that is empty where the cluster does not serve its kind, or where this user may not read it: the kind is then
 * added to `refused`.
 *
 * @param api where the kind is served, such as `/apis/apps/v1` or `/apis/apps/v1/namespaces/shop`
 */
export async function listPermitted<T>(
    client: ClusterClient,
    api: string,
    kind: string,
    refused: string[],
): Promise<T[]> {
    try {
        return (await client.list<T>(`${api}/${kind}`, { absent: [NOT_FOUND] })) ?? [];
    } catch (error) {
        if (!(error instanceof RefusedError && error.status === FORBIDDEN)) throw error;
        refused.push(kind);
        return [];
    }
}
