import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { NodeHosts } from "../cluster";
import type { Endpoint } from "../components";
import { endpoint, type EndpointFacts } from "../components/internal";
import { GENERATED_SERVICE } from "./gateway";

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
};

export interface EndpointsArgs {
    /** The Services of the stack by name; an endpoint whose Service is not among them is left out. */
    services: ReadonlyMap<string, k8s.core.v1.Service>;
    /** The control plane's own. */
    istiod: pulumi.Output<Endpoint>;
    /** Host names or IP addresses at which users reach node ports, by address family; IPv6 without brackets. */
    nodeHosts: NodeHosts;
}

/** The stack's endpoints, by name. */
export function describeEndpoints(args: EndpointsArgs): Record<string, pulumi.Output<Endpoint>> {
    const known = Object.entries(ENDPOINTS).flatMap(([name, facts]) => {
        const service = args.services.get(facts.service);
        if (service !== undefined) {
            const live = pulumi.all([service.metadata.namespace, service.spec, service.status]);
            return [
                [
                    name,
                    live.apply(([namespace, spec, status]) => endpoint(facts, namespace, spec, status, args.nodeHosts)),
                ] as const,
            ];
        }
        return [];
    });
    return { ...Object.fromEntries(known), istiod: args.istiod };
}

/** The first URL of an endpoint; `undefined` where nothing of it can be reached from outside. */
export function firstUrl(described: pulumi.Output<Endpoint> | undefined): pulumi.Output<string | undefined> {
    return pulumi.output(described).apply((found) => found?.ports.find((port) => port.url)?.url);
}
