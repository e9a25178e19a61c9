import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { NodeHosts } from "../cluster";

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
    /** Name of the Service. */
    service: string;
    /** Its namespace. */
    namespace: string;
    /** Type of the Service. */
    type: string;
    /** Host inside the cluster. */
    address: string;
    /** Address or host name of the load balancer, once the cluster has given one. */
    loadBalancer?: string;
    /** Its ports. */
    ports: EndpointPort[];
}

/** Which Service an endpoint is, and which of its ports. */
export interface EndpointFacts {
    service: string;
    /** Names of the ports that belong to the endpoint; all of them where it is absent. */
    ports?: string[];
    /** Paths to open by port name; a port without one gets no URL. */
    paths?: Record<string, string>;
}

/** The endpoint that a Service is, as the cluster has it; all of its ports, and no URL. */
export function endpointOf(service: k8s.core.v1.Service): pulumi.Output<Endpoint> {
    return pulumi
        .all([service.metadata, service.spec, service.status])
        .apply(([{ name, namespace }, spec, status]) => endpoint({ service: name }, namespace, spec, status));
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

/**
 * An endpoint from the live Service.
 *
 * @param nodeHosts host names or addresses at which users reach node ports, by address family
 * @param hostname the name to open instead of an address, where the endpoint answers to some only
 */
export function endpoint(
    facts: EndpointFacts,
    namespace: string,
    { type, ports, ipFamilies = ["IPv4"] }: ServiceSpec,
    status?: ServiceStatus,
    nodeHosts: NodeHosts = {},
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

/** IPv6 addresses stand in brackets in a URL. */
function bracketed(host: string): string {
    return host.includes(":") ? `[${host}]` : host;
}
