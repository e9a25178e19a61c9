import type * as Client from "@kubernetes/client-node";
import { ask, type Connection } from "./connect";
import type { ClusterSnapshot, Gateway, HttpRoute } from "./snapshot";

/** Objects to a page: a large cluster answers in pieces. */
const PAGE = 500;
const FORBIDDEN = 403;
const NOT_FOUND = 404;

/** A page of a list. */
interface Page<T> {
    readonly items: T[];
    readonly metadata?: { readonly _continue?: string; readonly continue?: string };
}

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
export async function readCluster({ config, context, server }: Connection): Promise<Reading> {
    const k8s = await import("@kubernetes/client-node");
    const where = `The cluster of context ${JSON.stringify(context)} (${server})`;
    const core = config.makeApiClient(k8s.CoreV1Api);
    const discovery = config.makeApiClient(k8s.DiscoveryV1Api);
    const apps = config.makeApiClient(k8s.AppsV1Api);
    const admission = config.makeApiClient(k8s.AdmissionregistrationV1Api);
    const custom = config.makeApiClient(k8s.CustomObjectsApi);
    const refused: string[] = [];

    const optional = async <T>(kind: string, list: (page: PageRequest) => Promise<Page<T>>): Promise<T[]> => {
        const items = await listAll(where, list, [FORBIDDEN, NOT_FOUND]);
        // A kind that the cluster does not serve is an empty list, not a refusal.
        if (items === undefined || items === "forbidden") refused.push(...(items === "forbidden" ? [kind] : []));
        return Array.isArray(items) ? items : [];
    };
    const needed = async <T>(list: (page: PageRequest) => Promise<Page<T>>): Promise<T[]> =>
        (await listAll(where, list, [])) as T[];
    const gatewayApi = <T>(plural: string) =>
        optional<T>(
            plural,
            (page) =>
                custom.listClusterCustomObject({
                    group: "gateway.networking.k8s.io",
                    version: "v1",
                    plural,
                    ...page,
                }) as Promise<Page<T>>,
        );

    const [namespaces, pods, services, endpointSlices, nodes, deployments, webhooks, gateways, routes] =
        await Promise.all([
            needed<Client.V1Namespace>((page) => core.listNamespace(page)),
            needed<Client.V1Pod>((page) => core.listPodForAllNamespaces(page)),
            needed<Client.V1Service>((page) => core.listServiceForAllNamespaces(page)),
            needed<Client.V1EndpointSlice>((page) => discovery.listEndpointSliceForAllNamespaces(page)),
            optional<Client.V1Node>("nodes", (page) => core.listNode(page)),
            optional<Client.V1Deployment>("deployments", (page) => apps.listDeploymentForAllNamespaces(page)),
            optional<Client.V1MutatingWebhookConfiguration>("mutatingwebhookconfigurations", (page) =>
                admission.listMutatingWebhookConfiguration(page),
            ),
            gatewayApi<Gateway>("gateways"),
            gatewayApi<HttpRoute>("httproutes"),
        ]);
    return {
        snapshot: { namespaces, pods, services, endpointSlices, nodes, deployments, webhooks, gateways, routes },
        refused,
    };
}

interface PageRequest {
    limit: number;
    _continue?: string;
}

/** Every item of a list, page by page; a refusal, or a kind that is not served, is a result where it is tolerated. */
async function listAll<T>(
    where: string,
    list: (page: PageRequest) => Promise<Page<T>>,
    tolerated: readonly number[],
): Promise<T[] | "forbidden" | undefined> {
    const items: T[] = [];
    let next: string | undefined;
    do {
        let status: number | undefined;
        const request = list({ limit: PAGE, ...(next !== undefined && { _continue: next }) }).catch(
            (error: unknown) => {
                status = (error as { code?: number }).code;
                throw error;
            },
        );
        const page = await ask(where, request, tolerated);
        if (page === undefined) return status === FORBIDDEN ? "forbidden" : undefined;
        items.push(...page.items);
        next = page.metadata?._continue ?? page.metadata?.continue;
    } while (next);
    return items;
}
