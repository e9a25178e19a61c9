import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { REVISION_LABEL } from "@istio-on-pulumi/kube";
import { untilServing } from "../cluster";
import { SKIP_AWAIT, waitForCondition } from "./annotations";
import { childOf } from "./child";
import { openClusterOf } from "./clusterOf";
import { type Endpoint, endpointOf } from "./endpoint";
import { GeneratedService } from "./generatedService";
import { type ListenerArgs, listenersOf, listenerSpec } from "./listeners";
import { type NamespaceArgs, namespaceOf } from "./namespace";
import { createRoute, type RouteArgs } from "./routes";

/** Type of a Service. */
export const ServiceType = { NodePort: "NodePort", ClusterIP: "ClusterIP", LoadBalancer: "LoadBalancer" } as const;
export type ServiceType = (typeof ServiceType)[keyof typeof ServiceType];

export interface IngressGatewayArgs extends NamespaceArgs {
    /**
     * Namespace of the Gateway, and of all that Istio generates for it; it must exist, unless it is its own.
     *
     * A change: replacement.
     */
    namespace: pulumi.Input<string>;
    /**
     * Whether the namespace is the gateway's own: it is made here, or labelled and used with `existingNamespace`, and
     * the gateway takes routes of all namespaces. Labels and annotations are for such a namespace alone.
     *
     * A change: data; a namespace that the stack made is deleted with all that is in it.
     * @default false
     */
    ownNamespace?: boolean;
    /**
     * Revision, or Istio's tag of one, of the control plane that makes the gateway and serves it: its label
     * `istio.io/rev`. Where there are several, `default` is the one to name: the default control plane writes the
     * status of its own Gateways alone, and a gateway that moves by itself does not answer for some seconds
     * (https://github.com/istio/istio/issues/55787 and 59959).
     *
     * A change: restart of the gateway.
     * @default the namespace's
     */
    revision?: string;
    /**
     * Name of the Gateway; what Istio generates for it is named after it (`<name>-istio`).
     *
     * A change: replacement.
     * @default the component's name
     */
    gatewayName?: string;
    /**
     * Type of the generated Service.
     *
     * A change: in place; addresses and node ports may become others.
     * @default "NodePort"
     */
    serviceType?: pulumi.Input<ServiceType>;
    /**
     * Node port of the generated Service's port 80, inside the cluster's range; 0 lets Kubernetes choose. For other
     * ports see `listeners`.
     *
     * A change: in place.
     * @default 0
     */
    nodePort?: number;
    /**
     * Name of a Secret of type `kubernetes.io/tls` in the Gateway's namespace: HTTPS is served with it, on port 443.
     *
     * A change: in place.
     * @default HTTP alone
     */
    tlsSecret?: pulumi.Input<string>;
    /**
     * Host names that the Gateway answers; one may begin with `*.`. A route may name some of them as its own.
     *
     * A change: in place; requests for other hosts are answered with 404.
     * @default every host
     * @example ["shop.example.com", "*.example.org"]
     */
    hostnames?: pulumi.Input<string>[];
    /**
     * What the Gateway listens on, in place of what `nodePort`, `tlsSecret`, `hostnames` and `ownNamespace` say.
     *
     * A change: in place.
     * @default HTTP on port 80, and HTTPS on port 443 with `tlsSecret`
     * @example [{ name: "admin", port: 8443, protocol: "HTTPS", tlsSecret: "admin-tls", nodePort: 31443 }]
     */
    listeners?: ListenerArgs[];
    /**
     * Where requests go. An HTTPRoute of somebody else's may use the Gateway too: one in the same namespace, or in any
     * with `ownNamespace`.
     *
     * A change: in place; another name or namespace of one is a replacement.
     * @default none
     * @example [{ name: "shop", service: "web", port: 8080, paths: [{ type: "PathPrefix", value: "/shop" }] }]
     */
    routes?: RouteArgs[];
}

const GATEWAY_CLASS = "istio";

/** Ports of the generated Service in its order, each with the node port that it is to have. */
type ServicePorts = ReadonlyMap<number, number | undefined>;

function servicePorts({ nodePort, ...args }: IngressGatewayArgs, listeners: ListenerArgs[]): ServicePorts {
    const ports = new Map<number, number | undefined>([[15021, undefined]]);
    if (!args.listeners) ports.set(80, nodePort);
    for (const listener of listeners) ports.set(listener.port, ports.get(listener.port) || listener.nodePort);
    return ports;
}

/** The annotation that decides on the generated Service, and that Istio copies to it. */
function serviceTypeOf({ serviceType = "NodePort" }: IngressGatewayArgs) {
    return { "networking.istio.io/service-type": serviceType };
}

/** Name of the Service that Istio's gateway controller generates for a Gateway. */
export function generatedServiceOf(gateway: string): string {
    return `${gateway}-${GATEWAY_CLASS}`;
}

/**
 * A Gateway of Istio's with its routes, and the Service that Istio generates for it.
 *
 * Needs the Gateway API CRDs and a ready control plane. It is up when its Service answers.
 *
 * @example
 * new IngressGateway(
 *     "shop",
 *     { namespace: "shop", hostnames: ["shop.example.com"], routes: [{ name: "shop", service: "web", port: 8080 }] },
 *     { provider, dependsOn: [gatewayApi, istio] },
 * );
 */
export class IngressGateway extends pulumi.ComponentResource {
    /** Namespace of the Gateway and of the generated Service. */
    readonly namespace: pulumi.Output<string>;
    /** Name of the Gateway, for the `parentRefs` of further routes. */
    readonly gatewayName: pulumi.Output<string>;
    /** The generated Service, with its node ports and the address of its load balancer. */
    readonly endpoint: pulumi.Output<Endpoint>;

    constructor(name: string, args: IngressGatewayArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-on-pulumi:index:IngressGateway", name, args, opts);
        const gatewayName = args.gatewayName ?? name;
        const listeners = listenersOf(args);
        const own = args.ownNamespace && namespaceOf(childOf(this, name, "namespace"), args.namespace, args);
        const namespace = own ? own.metadata.name : args.namespace;
        const gateway = this.createGateway(name, gatewayName, { ...args, namespace }, listeners);
        for (const route of args.routes ?? []) {
            createRoute(childOf(this, name, route.name), { gatewayName, namespace }, route);
        }
        const ports = servicePorts(args, listeners);
        const isFixed = [...ports.values()].some(Boolean);
        const fixed = isFixed ? this.fixNodePorts(name, gateway, ports) : undefined;
        const service = this.readService(name, args, gateway, fixed);
        services.set(this, service);

        this.namespace = gateway.metadata.namespace;
        this.gatewayName = gateway.metadata.name;
        this.endpoint = endpointOf(service);
        this.registerOutputs({
            namespace: this.namespace,
            gatewayName: this.gatewayName,
            endpoint: this.endpoint,
        });
    }

    /** The generated Service, read once the Gateway is programmed. */
    get service(): k8s.core.v1.Service {
        return services.get(this)!;
    }

    private createGateway(name: string, gatewayName: string, args: IngressGatewayArgs, listeners: ListenerArgs[]) {
        const serviceType = serviceTypeOf(args);
        // A Gateway is programmed as soon as its pods have addresses, ready or not: ResolveGatewayInstances of Istio's
        // pilot/pkg/config/kube/gateway/context.go counts both.
        const serving = new pulumi.ResourceHook(`${name}-serving`, async ({ newOutputs }) => {
            const { namespace } = (newOutputs as { metadata: { namespace: string } }).metadata;
            const client = await openClusterOf(this);
            if (client) await untilServing(client, { namespace, name: generatedServiceOf(gatewayName) });
        });
        return new k8s.apiextensions.CustomResource(
            `${name}-gateway`,
            {
                apiVersion: "gateway.networking.k8s.io/v1",
                kind: "Gateway",
                metadata: {
                    name: gatewayName,
                    namespace: args.namespace,
                    ...(args.revision !== undefined && { labels: { [REVISION_LABEL]: args.revision } }),
                    annotations: {
                        ...serviceType,
                        // False until there are generated pods, so that nothing reads a Service that is not there.
                        ...waitForCondition("Programmed"),
                    },
                },
                spec: {
                    gatewayClassName: GATEWAY_CLASS,
                    // What Istio copies to everything it generates, pods included; without it, all of the Gateway's own
                    // annotations. Not left empty: Istio would then own the whole map, and a patch of the Service that
                    // brings an annotation would conflict.
                    infrastructure: { annotations: serviceType, labels: {} },
                    listeners: listeners.map(listenerSpec),
                },
            },
            {
                parent: this,
                aliases: [{ name: gatewayName }],
                hooks: { afterCreate: [serving], afterUpdate: [serving] },
            },
        );
    }

    /**
     * Istio 1.25 knows no node port numbers, so the port is a field of ours in Istio's Service; Istio's own later
     * applies leave it.
     *
     * All ports stand here because the provider compares lists by index: a patch of one port alone is never up to date.
     */
    private fixNodePorts(name: string, gateway: k8s.apiextensions.CustomResource, ports: ServicePorts) {
        const { name: gatewayName, namespace } = gateway.metadata;
        return new k8s.core.v1.ServicePatch(
            `${name}-${GATEWAY_CLASS}`,
            {
                metadata: { name: gatewayName.apply(generatedServiceOf), namespace, annotations: SKIP_AWAIT },
                spec: {
                    ports: [...ports].map(([port, nodePort]) => ({
                        port,
                        protocol: "TCP",
                        ...(nodePort && { nodePort }),
                    })),
                },
            },
            { parent: this, dependsOn: [gateway] },
        );
    }

    private readService(
        name: string,
        args: IngressGatewayArgs,
        gateway: k8s.apiextensions.CustomResource,
        fixed: k8s.core.v1.ServicePatch | undefined,
    ) {
        const generated = generatedServiceOf(args.gatewayName ?? name);
        // Get ignores dependsOn. An id that is unknown until the Gateway (and the patch) exist makes it wait.
        const { namespace } = gateway.metadata;
        const id = pulumi.all([namespace, gateway.id, fixed?.id]).apply(([known]) => `${known}/${generated}`);
        const metadata = { namespace, name: generated, annotations: serviceTypeOf(args) };
        return new GeneratedService(`${name}-${GATEWAY_CLASS}`, id, metadata, { parent: this });
    }
}

/** Not a property: those are the outputs of the component in every language. */
const services = new WeakMap<IngressGateway, k8s.core.v1.Service>();
