import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { ISTIO_NAMESPACE } from "@istio-on-pulumi/kube";
import { BOOKINFO_CALLERS, BOOKINFO_PORT } from "./bookinfoFacts";
import { mapInput } from "./inputs";

/** Whom NetworkPolicies let in from outside of Bookinfo. */
export interface BookinfoNetworkPoliciesArgs {
    /**
     * Name of the Gateway whose pods may ask productpage.
     *
     * A change: in place.
     */
    gateway: pulumi.Input<string>;
    /**
     * Namespace of that Gateway.
     *
     * A change: in place.
     * @default Bookinfo's
     */
    gatewayNamespace?: pulumi.Input<string>;
}

type Spec = k8s.types.input.networking.v1.NetworkPolicySpec;
type Peer = k8s.types.input.networking.v1.NetworkPolicyPeer;

/** What a sidecar asks of the control plane's namespace: its configuration and certificate, and where its spans go. */
const CONTROL_PLANE_PORTS = [15012, 4317];
/** Where a sidecar tells its metrics, and its application's. */
const METRICS_PORT = 15020;
/** Label that Gateway API has for the pods of a Gateway. */
const GATEWAY_LABEL = "gateway.networking.k8s.io/gateway-name";

/**
 * Who may ask a service of Bookinfo, and whom its pods may ask: what the sample and its sidecars need, nothing else.
 *
 * Each policy is about the pods of one service, so that somebody else's in the namespace stay as they are, and holds
 * all that these pods need, so that the policies may come and go in any order. A kubelet's probes are let in by every
 * network plugin. Names are asked for at whatever address: a cache on the node has none that a policy could name.
 */
export function networkPolicyOf(service: string, { gateway, gatewayNamespace }: BookinfoNetworkPoliciesArgs): Spec {
    const callers = (BOOKINFO_CALLERS[service] ?? []).map(podsOf);
    const gatewayPods: Peer = {
        podSelector: { matchLabels: mapInput(gateway, (name) => ({ [GATEWAY_LABEL]: name })) },
        ...(gatewayNamespace !== undefined && inNamespace(gatewayNamespace)),
    };
    const called = Object.entries(BOOKINFO_CALLERS).flatMap(([other, by]) => (by.includes(service) ? [other] : []));
    return {
        podSelector: { matchLabels: { app: service } },
        policyTypes: ["Ingress", "Egress"],
        ingress: [
            { from: callers.length > 0 ? callers : [gatewayPods], ports: tcp(BOOKINFO_PORT) },
            { from: [inNamespace(ISTIO_NAMESPACE)], ports: tcp(METRICS_PORT) },
        ],
        egress: [
            ...(called.length > 0 ? [{ to: called.map(podsOf), ports: tcp(BOOKINFO_PORT) }] : []),
            { to: [inNamespace(ISTIO_NAMESPACE)], ports: tcp(...CONTROL_PLANE_PORTS) },
            { ports: [{ protocol: "UDP", port: 53 }, ...tcp(53)] },
        ],
    };
}

const podsOf = (service: string): Peer => ({ podSelector: { matchLabels: { app: service } } });

/** Kubernetes itself gives each namespace this label. */
const inNamespace = (namespace: pulumi.Input<string>): Peer => ({
    namespaceSelector: { matchLabels: mapInput(namespace, (name) => ({ "kubernetes.io/metadata.name": name })) },
});

const tcp = (...ports: number[]) => ports.map((port) => ({ protocol: "TCP", port }));
