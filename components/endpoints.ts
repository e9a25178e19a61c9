import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { GENERATED_SERVICE } from "./bookinfoGateway";

/** One port of an endpoint. */
export interface EndpointPort {
    /** The port's name in the Service. */
    name: string;
    /** The port inside the cluster. */
    port: number;
    /** The port on every node; only where the Service has node ports. */
    nodePort?: number;
    /** What a user outside the cluster opens; only with a node port, and only for ports that answer HTTP. */
    url?: string;
}

/** A Service that users or workloads call, with everything needed to call it. */
export interface Endpoint {
    service: string;
    namespace: string;
    /** Type of the Service. */
    type: string;
    /** Host inside the cluster. */
    address: string;
    ports: EndpointPort[];
}

/** Which Service an endpoint is, and which of its ports. */
interface EndpointFacts {
    service: string;
    /** Names of the ports that belong to the endpoint; all of them where it is absent. */
    ports?: string[];
    /** Paths to open by port name; a port without one gets no URL. */
    paths?: Record<string, string>;
}

/** The endpoints of the walkthrough's last step, by their output name. */
export const ENDPOINTS: Readonly<Record<string, EndpointFacts>> = {
    productpage: { service: GENERATED_SERVICE, ports: ["http"], paths: { http: "/productpage" } },
    gatewayStatus: {
        service: GENERATED_SERVICE,
        ports: ["status-port"],
        paths: { "status-port": "/healthz/ready" },
    },
    kiali: { service: "kiali", paths: { http: "/kiali", "http-metrics": "/metrics" } },
    grafana: { service: "grafana" },
    prometheus: { service: "prometheus" },
    tracing: { service: "tracing" },
    zipkin: { service: "zipkin" },
    jaegerCollector: { service: "jaeger-collector" },
    loki: { service: "loki" },
    istiod: { service: "istiod" },
};

/** Ports of the Service `istiod`: its chart is a remote component, whose children's outputs stay with the provider. */
const ISTIOD_PORTS = [
    { name: "grpc-xds", port: 15010 },
    { name: "https-dns", port: 15012 },
    { name: "https-webhook", port: 443 },
    { name: "http-monitoring", port: 15014 },
];

export interface EndpointsArgs {
    /** The Services of the stack by name; an endpoint whose Service is not among them is left out. */
    services: ReadonlyMap<string, k8s.core.v1.Service>;
    /** Namespace of the Service `istiod`. */
    istioNamespace: string;
    /** Host name or IP address of a node, as users reach it; IPv6 without brackets. */
    nodeHost: string;
}

/** The stack's endpoints, by name. */
export function describeEndpoints(args: EndpointsArgs): Record<string, pulumi.Output<Endpoint>> {
    const known = Object.entries(ENDPOINTS).flatMap(([name, facts]) => {
        const service = args.services.get(facts.service);
        if (service !== undefined) {
            const live = pulumi.all([service.metadata.namespace, service.spec.type, service.spec.ports]);
            return [
                [
                    name,
                    live.apply(([namespace, type, ports]) => endpoint(facts, namespace, type, ports, args.nodeHost)),
                ] as const,
            ];
        }
        if (facts.service === "istiod") {
            const istiod = endpoint(facts, args.istioNamespace, "ClusterIP", ISTIOD_PORTS, args.nodeHost);
            return [[name, pulumi.output(istiod)] as const];
        }
        return [];
    });
    return Object.fromEntries(known);
}

interface ServicePort {
    name?: string;
    port: number;
    nodePort?: number;
}

/** An endpoint from the live Service. Exported for its tests. */
export function endpoint(
    facts: EndpointFacts,
    namespace: string,
    type: string,
    ports: readonly ServicePort[],
    nodeHost: string,
): Endpoint {
    return {
        service: facts.service,
        namespace,
        type,
        address: `${facts.service}.${namespace}.svc`,
        ports: ports
            .filter((port) => facts.ports === undefined || facts.ports.includes(port.name ?? ""))
            .map(({ name = "", port, nodePort }) => {
                const path = facts.paths?.[name];
                const url = nodePort && path ? `http://${bracketed(nodeHost)}:${nodePort}${path}` : undefined;
                return { name, port, ...(nodePort && { nodePort }), ...(url && { url }) };
            }),
    };
}

/** The first URL of an endpoint; `undefined` where nothing of it has a node port. */
export function firstUrl(described: pulumi.Output<Endpoint> | undefined): pulumi.Output<string | undefined> {
    return pulumi.output(described).apply((found) => found?.ports.find((port) => port.url)?.url);
}

/** IPv6 addresses stand in brackets in a URL. */
function bracketed(host: string): string {
    return host.includes(":") ? `[${host}]` : host;
}
