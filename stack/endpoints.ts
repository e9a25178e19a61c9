import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { NodeHosts } from "../cluster";
import type { Endpoint } from "../components";
import { endpoint, type EndpointFacts } from "../components/internal";

/** The Services of the addons among the endpoints of the walkthrough's last step, by their output name. */
const ADDON_ENDPOINTS: Readonly<Record<string, EndpointFacts>> = {
    kiali: { service: "kiali", paths: { http: "/kiali", "http-metrics": "/metrics" } },
    grafana: { service: "grafana", paths: { service: "/" } },
    prometheus: { service: "prometheus", paths: { http: "/" } },
    tracing: { service: "tracing", paths: { "http-query": "/jaeger" } },
    zipkin: { service: "zipkin" },
    jaegerCollector: { service: "jaeger-collector" },
    loki: { service: "loki" },
};

/** The gateway, as far as its endpoints go. */
interface ExposedGateway {
    service: k8s.core.v1.Service;
    /** Name of its Service. */
    name: string;
    /** Whether it leads to Bookinfo. */
    leadsToBookinfo: boolean;
    /** Host name to open instead of a node's or a load balancer's address, where it answers to some only. */
    hostname?: string;
}

export interface EndpointsArgs {
    /** The Services of the addons by name; an endpoint whose Service is not among them is left out. */
    services: ReadonlyMap<string, k8s.core.v1.Service>;
    /** The gateway, if there is one. */
    gateway?: ExposedGateway;
    /** The control plane's own. */
    istiod: pulumi.Output<Endpoint>;
    /** Host names or IP addresses at which users reach node ports, by address family; IPv6 without brackets. */
    nodeHosts: NodeHosts;
}

/** The stack's endpoints, by name. */
export function describeEndpoints(args: EndpointsArgs): Record<string, pulumi.Output<Endpoint>> {
    const { services, gateway, nodeHosts } = args;
    const ofAddons = Object.entries(ADDON_ENDPOINTS).flatMap(([name, facts]) => {
        const service = services.get(facts.service);
        return service === undefined ? [] : [[name, liveEndpoint(facts, service, nodeHosts)] as const];
    });
    return {
        ...(gateway?.leadsToBookinfo && { productpage: requestsTo(gateway, "/productpage", nodeHosts) }),
        ...(gateway && { gatewayStatus: statusOf(gateway, nodeHosts) }),
        ...Object.fromEntries(ofAddons),
        istiod: args.istiod,
    };
}

/** The first URL of the gateway, without a path. */
export function gatewayUrl({ gateway, nodeHosts }: EndpointsArgs): pulumi.Output<string | undefined> {
    return firstUrl(gateway && requestsTo(gateway, "", nodeHosts));
}

/** The first URL of an endpoint; `undefined` where nothing of it can be reached from outside. */
export function firstUrl(described: pulumi.Output<Endpoint> | undefined): pulumi.Output<string | undefined> {
    return pulumi.output(described).apply((found) => found?.ports.find((port) => port.url)?.url);
}

function requestsTo({ name, service, hostname }: ExposedGateway, path: string, nodeHosts: NodeHosts) {
    const facts = { service: name, ports: ["http", "https"], paths: { http: path, https: path } };
    return liveEndpoint(facts, service, nodeHosts, hostname);
}

/** It answers to any name, and is asked at the address. */
function statusOf({ name, service }: ExposedGateway, nodeHosts: NodeHosts) {
    const facts = { service: name, ports: ["status-port"], paths: { "status-port": "/healthz/ready" } };
    return liveEndpoint(facts, service, nodeHosts);
}

function liveEndpoint(facts: EndpointFacts, service: k8s.core.v1.Service, nodeHosts: NodeHosts, hostname?: string) {
    return pulumi
        .all([service.metadata.namespace, service.spec, service.status])
        .apply(([namespace, spec, status]) => endpoint(facts, namespace, spec, status, nodeHosts, hostname));
}
