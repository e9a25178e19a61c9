import { ask, type Connection } from "../snapshot/connect";
import type { DestinationRule, VirtualService } from "./istioRoutes";

const ABSENT = [403, 404] as const;

/**
 * Reads Istio's own routing objects of all namespaces; what the user may not list is `undefined`, what the cluster
 * does not serve is empty.
 */
export async function readIstioRoutes({
    config,
    context,
    server,
}: Connection): Promise<{ virtualServices?: VirtualService[]; destinationRules?: DestinationRule[] }> {
    const { CustomObjectsApi } = await import("@kubernetes/client-node");
    const api = config.makeApiClient(CustomObjectsApi);
    const list = async <T>(plural: string): Promise<T[] | undefined> => {
        let status: number | undefined;
        const request = (
            api.listClusterCustomObject({ group: "networking.istio.io", version: "v1", plural }) as Promise<{
                items: T[];
            }>
        ).catch((error: unknown) => {
            status = (error as { code?: number }).code;
            throw error;
        });
        const answer = await ask(`The cluster of context ${JSON.stringify(context)} (${server})`, request, ABSENT);
        return answer ? answer.items : status === 404 ? [] : undefined;
    };
    const [virtualServices, destinationRules] = await Promise.all([
        list<VirtualService>("virtualservices"),
        list<DestinationRule>("destinationrules"),
    ]);
    return { virtualServices, destinationRules };
}
