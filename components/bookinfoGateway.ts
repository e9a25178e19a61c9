import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { SKIP_AWAIT, waitForCondition } from "./annotations";
import { BOOKINFO_PORT, BOOKINFO_ROUTES } from "./bookinfoFacts";
import { type NamespaceMetadata, namespaceOf } from "./namespace";

export interface BookinfoGatewayArgs {
    /** Namespace of the Gateway and of everything generated: Bookinfo's, or one of its own that is made here. */
    namespace: { bookinfo: pulumi.Input<string> } | ({ own: string; existing: boolean } & NamespaceMetadata);
    /** Namespace of Bookinfo, where its route lives. @default there is none, and no route */
    bookinfoNamespace?: pulumi.Input<string>;
    /** Type of the generated Service. */
    serviceType: "NodePort" | "ClusterIP" | "LoadBalancer";
    /** Node port of the generated Service's port 80, inside the cluster's node port range; 0 lets Kubernetes choose. */
    nodePort: number;
    /** Host names that it answers to. @default all */
    hostnames?: readonly string[];
    /** Name of a Secret with a certificate and its key, with which it answers HTTPS, too. @default HTTP alone */
    tlsSecret?: string;
    /** The cluster's provider. */
    provider: k8s.Provider;
}

const GATEWAY_CLASS = "istio";

/** The Gateway's name, in Bookinfo's namespace or in one of its own. */
export function gatewayName(isOwn: boolean): string {
    return isOwn ? "ingress" : "bookinfo-gateway";
}

/** Istio's gateway controller names what it generates `<gateway>-<class>`. */
export function generatedService(isOwn: boolean): string {
    return `${gatewayName(isOwn)}-${GATEWAY_CLASS}`;
}

const HTTP = 80;
const HTTPS = 443;

/**
 * The Gateway, Bookinfo's route to it, and the Service that Istio generates for it.
 *
 * In a namespace of its own it takes routes of all namespaces.
 *
 * Needs the Gateway API CRDs and a ready control plane.
 */
export class BookinfoGateway extends pulumi.ComponentResource {
    readonly gateway: k8s.apiextensions.CustomResource;
    readonly route?: k8s.apiextensions.CustomResource;
    readonly namespace: pulumi.Output<string>;
    /** The namespace of its own, where it has one. */
    readonly ownNamespace?: ReturnType<typeof namespaceOf>;
    /** The generated Service, read once the Gateway is programmed. */
    readonly service: k8s.core.v1.Service;
    private readonly isOwn: boolean;

    constructor(name: string, args: BookinfoGatewayArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-on-pulumi:index:BookinfoGateway", name, {}, { ...opts, providers: { kubernetes: args.provider } });
        const place = args.namespace;
        this.isOwn = "own" in place;
        this.ownNamespace = "own" in place ? namespaceOf(place.own, place, { parent: this }) : undefined;
        this.namespace = pulumi.output("own" in place ? this.ownNamespace!.metadata.name : place.bookinfo);
        this.gateway = this.createGateway(args);
        this.route = args.bookinfoNamespace === undefined ? undefined : this.createRoute(args.bookinfoNamespace);
        const fixed = args.nodePort === 0 ? undefined : this.fixNodePort(args);
        this.service = this.readService(fixed);
        this.registerOutputs({ ports: this.service.spec.ports });
    }

    private createGateway(args: BookinfoGatewayArgs) {
        const serviceType = { "networking.istio.io/service-type": args.serviceType };
        return new k8s.apiextensions.CustomResource(
            gatewayName(this.isOwn),
            {
                apiVersion: "gateway.networking.k8s.io/v1",
                kind: "Gateway",
                metadata: {
                    name: gatewayName(this.isOwn),
                    namespace: this.namespace,
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
                    listeners: listeners(args, this.isOwn ? "All" : "Same"),
                },
            },
            { parent: this },
        );
    }

    private createRoute(namespace: pulumi.Input<string>) {
        return new k8s.apiextensions.CustomResource(
            "bookinfo",
            {
                apiVersion: "gateway.networking.k8s.io/v1",
                kind: "HTTPRoute",
                metadata: { name: "bookinfo", namespace },
                spec: {
                    parentRefs: [{ name: gatewayName(this.isOwn), ...(this.isOwn && { namespace: this.namespace }) }],
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
     * All ports stand here because the provider compares lists by index: a patch of port 80 alone is never up to date.
     */
    private fixNodePort(args: BookinfoGatewayArgs) {
        const name = generatedService(this.isOwn);
        return new k8s.core.v1.ServicePatch(
            name,
            {
                metadata: { name, namespace: this.namespace, annotations: SKIP_AWAIT },
                spec: {
                    ports: generatedPorts(args).map((port) => ({
                        port,
                        protocol: "TCP",
                        ...(port === HTTP && { nodePort: args.nodePort }),
                    })),
                },
            },
            { parent: this, dependsOn: [this.gateway] },
        );
    }

    private readService(fixed: k8s.core.v1.ServicePatch | undefined) {
        // Get ignores dependsOn. An id that is unknown until the Gateway (and the patch) exist makes it wait.
        const ready = pulumi.all([this.gateway.id, fixed?.id]);
        const name = generatedService(this.isOwn);
        const id = ready.apply(([gatewayId]) => `${gatewayId.slice(0, gatewayId.indexOf("/"))}/${name}`);
        return k8s.core.v1.Service.get(name, id, { parent: this });
    }
}

/** A listener takes one host name, so there is one for each; Istio names a port after the first of its listeners. */
function listeners({ hostnames = [], tlsSecret }: BookinfoGatewayArgs, from: "Same" | "All"): object[] {
    const each = (name: string, listener: object) =>
        (hostnames.length === 0 ? [undefined] : hostnames).map((hostname, index) => ({
            name: index === 0 ? name : `${name}-${index + 1}`,
            ...listener,
            ...(hostname !== undefined && { hostname }),
            allowedRoutes: { namespaces: { from } },
        }));
    const certificate = tlsSecret !== undefined && { mode: "Terminate", certificateRefs: [{ name: tlsSecret }] };
    return [
        ...each("http", { port: HTTP, protocol: "HTTP" }),
        ...(certificate ? each("https", { port: HTTPS, protocol: "HTTPS", tls: certificate }) : []),
    ];
}

/** The generated Service's ports, in the order in which Istio generates them: the status port, then the listeners'. */
function generatedPorts({ tlsSecret }: BookinfoGatewayArgs): number[] {
    return [15021, HTTP, ...(tlsSecret === undefined ? [] : [HTTPS])];
}
