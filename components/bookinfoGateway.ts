import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { SKIP_AWAIT, waitForCondition } from "./annotations";
import { BOOKINFO_PORT, BOOKINFO_ROUTES } from "./bookinfoFacts";

export interface BookinfoGatewayArgs {
    /** Namespace of Bookinfo, where the Gateway, its route and everything generated live. */
    namespace: pulumi.Input<string>;
    /** Type of the generated Service. */
    serviceType: "NodePort" | "ClusterIP" | "LoadBalancer";
    /** Node port of the generated Service's port 80, inside the cluster's node port range; 0 lets Kubernetes choose. */
    nodePort: number;
    /** The cluster's provider. */
    provider: k8s.Provider;
}

const GATEWAY_NAME = "bookinfo-gateway";
const GATEWAY_CLASS = "istio";
/** Istio's gateway controller names what it generates `<gateway>-<class>`. */
export const GENERATED_SERVICE = `${GATEWAY_NAME}-${GATEWAY_CLASS}`;
/** The generated Service's ports, in the order in which Istio generates them. */
const GENERATED_PORTS = [
    { name: "status-port", port: 15021 },
    { name: "http", port: 80 },
];

/**
 * Bookinfo's Gateway and HTTPRoute, and the Service that Istio generates for them.
 *
 * Needs the Gateway API CRDs and a ready control plane.
 */
export class BookinfoGateway extends pulumi.ComponentResource {
    readonly gateway: k8s.apiextensions.CustomResource;
    readonly route: k8s.apiextensions.CustomResource;
    /** The generated Service, read once the Gateway is programmed. */
    readonly service: k8s.core.v1.Service;

    constructor(name: string, args: BookinfoGatewayArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-on-pulumi:index:BookinfoGateway", name, {}, { ...opts, providers: { kubernetes: args.provider } });
        this.gateway = this.createGateway(args);
        this.route = this.createRoute(args);
        const fixed = args.nodePort === 0 ? undefined : this.fixNodePort(args);
        this.service = this.readService(fixed);
        this.registerOutputs({ ports: this.service.spec.ports });
    }

    private createGateway(args: BookinfoGatewayArgs) {
        const serviceType = { "networking.istio.io/service-type": args.serviceType };
        return new k8s.apiextensions.CustomResource(
            GATEWAY_NAME,
            {
                apiVersion: "gateway.networking.k8s.io/v1",
                kind: "Gateway",
                metadata: {
                    name: GATEWAY_NAME,
                    namespace: args.namespace,
                    annotations: {
                        ...serviceType,
                        // False until the generated pods answer, so that nothing reads a Service that is not there.
                        ...waitForCondition("Programmed"),
                    },
                },
                spec: {
                    gatewayClassName: GATEWAY_CLASS,
                    // What Istio copies to everything it generates, pods included; without it, all of the Gateway's own
                    // annotations. Not left empty: Istio would then own the whole map, and a patch of the Service that
                    // brings an annotation would conflict.
                    infrastructure: { annotations: serviceType, labels: {} },
                    listeners: [
                        { name: "http", port: 80, protocol: "HTTP", allowedRoutes: { namespaces: { from: "Same" } } },
                    ],
                },
            },
            { parent: this },
        );
    }

    private createRoute(args: BookinfoGatewayArgs) {
        return new k8s.apiextensions.CustomResource(
            "bookinfo",
            {
                apiVersion: "gateway.networking.k8s.io/v1",
                kind: "HTTPRoute",
                metadata: { name: "bookinfo", namespace: args.namespace },
                spec: {
                    parentRefs: [{ name: GATEWAY_NAME }],
                    rules: [
                        {
                            matches: BOOKINFO_ROUTES.map((path) => ({ path })),
                            backendRefs: [{ name: "productpage", port: BOOKINFO_PORT }],
                        },
                    ],
                },
            },
            { parent: this },
        );
    }

    /**
     * Istio 1.25 knows no node port numbers, so the port is a field of ours in Istio's Service; Istio's own later
     * applies leave it.
     *
     * Both ports stand here because the provider compares lists by index: a patch of port 80 alone is never up to date.
     */
    private fixNodePort(args: BookinfoGatewayArgs) {
        return new k8s.core.v1.ServicePatch(
            GENERATED_SERVICE,
            {
                metadata: { name: GENERATED_SERVICE, namespace: args.namespace, annotations: SKIP_AWAIT },
                spec: {
                    ports: GENERATED_PORTS.map(({ name, port }) => ({
                        port,
                        protocol: "TCP",
                        ...(name === "http" && { nodePort: args.nodePort }),
                    })),
                },
            },
            { parent: this, dependsOn: [this.gateway] },
        );
    }

    private readService(fixed: k8s.core.v1.ServicePatch | undefined) {
        // Get ignores dependsOn. An id that is unknown until the Gateway (and the patch) exist makes it wait.
        const ready = pulumi.all([this.gateway.id, fixed?.id]);
        const id = ready.apply(([gatewayId]) => `${gatewayId.slice(0, gatewayId.indexOf("/"))}/${GENERATED_SERVICE}`);
        return k8s.core.v1.Service.get(GENERATED_SERVICE, id, { parent: this });
    }
}
