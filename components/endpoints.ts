import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { NodeHosts } from "../cluster";
import { generatedService } from "./bookinfoGateway";

/** One port of an endpoint. */
export interface EndpointPort {
    /** The port's name in the Service. */
    name: string;
    /** The port inside the cluster. */
    port: number;
    /** The port on every node; only where the Service has node ports. */
    nodePort?: number;
    /** What a user outside the cluster opens; only for ports that answer HTTP there, at a node or the load balancer. */
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
    /** Address or host name of the load balancer, once the cluster has given one. */
    loadBalancer?: string;
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
    productpage: {
        service: generatedService(false),
        ports: ["http", "https"],
        paths: { http: "/productpage", https: "/productpage" },
    },
    gatewayStatus: {
        service: generatedService(false),
        ports: ["status-port"],
        paths: { "status-port": "/healthz/ready" },
    },
    kiali: { service: "kiali", paths: { http: "/kiali", "http-metrics": "/metrics" } },
    grafana: { service: "grafana", paths: { service: "/" } },
    prometheus: { service: "prometheus", paths: { http: "/" } },
    tracing: { service: "tracing", paths: { "http-query": "/jaeger" } },
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
    /** The gateway, if there is one. */
    gateway?: {
        service: k8s.core.v1.Service;
        /** Name of its Service. */
        name: string;
        /** Whether it leads to Bookinfo. */
        leadsToBookinfo: boolean;
        /** Host name to open instead of a node's or a load balancer's address, where it answers to some only. */
        hostname?: string;
    };
    /** Namespace of the Service `istiod`. */
    istioNamespace: string;
    /** Host names or IP addresses at which users reach node ports, by address family; IPv6 without brackets. */
    nodeHosts: NodeHosts;
}

/** The stack's endpoints, by name. */
export function describeEndpoints(args: EndpointsArgs): Record<string, pulumi.Output<Endpoint>> {
    const { gateway, nodeHosts } = args;
    const known = Object.entries(ENDPOINTS).flatMap(([name, facts]) => {
        const service = args.services.get(facts.service);
        if (service !== undefined) return [[name, liveEndpoint(facts, service, nodeHosts)] as const];
        if (facts.service === "istiod") {
            const spec = { type: "ClusterIP", ports: ISTIOD_PORTS };
            return [[name, pulumi.output(endpoint(facts, args.istioNamespace, spec, undefined, {}))] as const];
        }
        const isMissing = facts.service !== generatedService(false) || gateway === undefined;
        if (isMissing || (name === "productpage" && !gateway.leadsToBookinfo)) return [];
        return [[name, gatewayEndpoint(facts, gateway, nodeHosts)] as const];
    });
    return Object.fromEntries(known);
}

/** The first URL of the gateway, without a path. */
export function gatewayUrl({ gateway, nodeHosts }: EndpointsArgs): pulumi.Output<string | undefined> {
    const facts = { service: "", ports: ["http", "https"], paths: { http: "", https: "" } };
    return firstUrl(gateway && gatewayEndpoint(facts, gateway, nodeHosts));
}

/** The status port answers to any name; it is asked at the address. */
function gatewayEndpoint(facts: EndpointFacts, gateway: NonNullable<EndpointsArgs["gateway"]>, nodeHosts: NodeHosts) {
    const hostname = facts.ports?.includes("http") ? gateway.hostname : undefined;
    return liveEndpoint({ ...facts, service: gateway.name }, gateway.service, nodeHosts, hostname);
}

function liveEndpoint(facts: EndpointFacts, service: k8s.core.v1.Service, nodeHosts: NodeHosts, hostname?: string) {
    return pulumi
        .all([service.metadata.namespace, service.spec, service.status])
        .apply(([namespace, spec, status]) => endpoint(facts, namespace, spec, status, nodeHosts, hostname));
}

interface ServiceSpec {
    type: string;
    ports: readonly { name?: string; port: number; nodePort?: number }[];
    /** `IPv4` or `IPv6`, the first one counts; an older cluster tells none and has IPv4. */
    ipFamilies?: readonly string[];
}

interface ServiceStatus {
    loadBalancer?: { ingress?: readonly { ip?: string; hostname?: string }[] };
}

/** An endpoint from the live Service. Exported for its tests. */
export function endpoint(
    facts: EndpointFacts,
    namespace: string,
    { type, ports, ipFamilies = ["IPv4"] }: ServiceSpec,
    status: ServiceStatus | undefined,
    nodeHosts: NodeHosts,
    hostname?: string,
): Endpoint {
    const [ingress] = (type === "LoadBalancer" && status?.loadBalancer?.ingress) || [];
    const loadBalancer = ingress?.ip || ingress?.hostname;
    const node = ipFamilies.map((family) => nodeHosts[family as keyof NodeHosts]).find(Boolean);
    const origin = (name: string, port: number, nodePort: number | undefined) => {
        const scheme = name === "https" ? "https" : "http";
        if (type === "LoadBalancer") return loadBalancer && originOf(scheme, hostname ?? loadBalancer, port);
        return node && nodePort && originOf(scheme, hostname ?? node, nodePort);
    };
    return {
        service: facts.service,
        namespace,
        type,
        address: `${facts.service}.${namespace}.svc`,
        ...(loadBalancer && { loadBalancer }),
        ports: ports
            .filter((port) => facts.ports === undefined || facts.ports.includes(port.name ?? ""))
            .map(({ name = "", port, nodePort }) => {
                const path = facts.paths?.[name];
                const at = path !== undefined && origin(name, port, nodePort);
                return { name, port, ...(nodePort && { nodePort }), ...(at && { url: `${at}${path}` }) };
            }),
    };
}

/** Such as `http://192.0.2.1:30080`; without the port that the scheme has anyway. */
function originOf(scheme: "http" | "https", host: string, port: number): string {
    const isUsual = port === { http: 80, https: 443 }[scheme];
    return `${scheme}://${bracketed(host)}${isUsual ? "" : `:${port}`}`;
}

/** The first URL of an endpoint; `undefined` where nothing of it can be reached from outside. */
export function firstUrl(described: pulumi.Output<Endpoint> | undefined): pulumi.Output<string | undefined> {
    return pulumi.output(described).apply((found) => found?.ports.find((port) => port.url)?.url);
}

/** IPv6 addresses stand in brackets in a URL. */
function bracketed(host: string): string {
    return host.includes(":") ? `[${host}]` : host;
}
