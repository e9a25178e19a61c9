import type { Connection } from "../snapshot/connect";
import { listPermitted } from "../snapshot/read";
import type { DestinationRule, VirtualService } from "./istioRoutes";

/**
 * Reads Istio's own routing objects of all namespaces; what the user may not list is `undefined`, what the cluster
 * does not serve is empty.
 */
export async function readIstioRoutes({
    client,
}: Connection): Promise<{ virtualServices?: VirtualService[]; destinationRules?: DestinationRule[] }> {
    const list = async <T>(plural: string): Promise<T[] | undefined> => {
        const refused: string[] = [];
        const items = await listPermitted<T>(client, "/apis/networking.istio.io/v1", plural, refused);
        return refused.length > 0 ? undefined : items;
    };
    const [virtualServices, destinationRules] = await Promise.all([
        list<VirtualService>("virtualservices"),
        list<DestinationRule>("destinationrules"),
    ]);
    return { virtualServices, destinationRules };
}
