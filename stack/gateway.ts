import { generatedServiceOf } from "../components/internal";

/** Where the stack's gateway is. */
export interface GatewayPlace {
    /** Name of the Gateway. */
    readonly name: string;
    readonly namespace: string;
    /** Whether the namespace is the gateway's own, and not Bookinfo's. */
    readonly isOwn: boolean;
    /** The Service that Istio generates for it. */
    readonly service: string;
}

/** What of the settings decides on it. */
interface GatewaySettings {
    gateway: { namespace?: string };
    bookinfo: { enabled: boolean; namespace: string };
}

/** The gateway in a namespace of its own, or in Bookinfo's; none without either. */
export function gatewayPlace({ gateway, bookinfo }: GatewaySettings): GatewayPlace | undefined {
    const isOwn = gateway.namespace !== undefined;
    const namespace = gateway.namespace ?? (bookinfo.enabled ? bookinfo.namespace : undefined);
    const name = isOwn ? "ingress" : "bookinfo-gateway";
    return namespace === undefined ? undefined : { name, namespace, isOwn, service: generatedServiceOf(name) };
}
