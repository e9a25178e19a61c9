import type * as pulumi from "@pulumi/pulumi";

/** Which namespaces' routes may use a listener. */
export const RoutesFrom = { Same: "Same", All: "All" } as const;
export type RoutesFrom = (typeof RoutesFrom)[keyof typeof RoutesFrom];

/** A port on which a Gateway takes requests. */
export interface ListenerArgs {
    /**
     * Its name, no other listener's; Istio names the generated Service's port after it.
     *
     * A change: in place.
     */
    name: string;
    /**
     * The port of the generated Service. Several listeners may have the same, for different host names.
     *
     * A change: in place.
     */
    port: number;
    /**
     * `HTTP`, or `HTTPS` with a `tlsSecret`.
     *
     * A change: in place.
     */
    protocol: pulumi.Input<string>;
    /**
     * Host name that it takes requests for, which may begin with `*.`.
     *
     * A change: in place; requests for other hosts are answered with 404.
     * @default every host
     */
    hostname?: pulumi.Input<string>;
    /**
     * Name of a Secret of type `kubernetes.io/tls` in the Gateway's namespace, with which it ends TLS.
     *
     * A change: in place.
     * @default none: for HTTP
     */
    tlsSecret?: pulumi.Input<string>;
    /**
     * Node port of the generated Service's port, inside the cluster's range; 0 lets Kubernetes choose.
     *
     * A change: in place.
     * @default 0
     */
    nodePort?: number;
    /**
     * Which namespaces' routes may use it: the Gateway's own (`Same`), or `All`.
     *
     * A change: in place; with `Same` the routes of other namespaces are left out.
     * @default "Same"
     */
    routesFrom?: pulumi.Input<RoutesFrom>;
}

/** The listeners of a Gateway. A listener takes one host name, so there is one for each of them. */
export function listenersOf(args: {
    listeners?: ListenerArgs[];
    tlsSecret?: pulumi.Input<string>;
    hostnames?: pulumi.Input<string>[];
    ownNamespace?: boolean;
}): ListenerArgs[] {
    if (args.listeners) return args.listeners;
    const { hostnames = [], tlsSecret } = args;
    const routesFrom = args.ownNamespace ? "All" : "Same";
    // Istio names a port after the first of its listeners.
    const each = (listener: ListenerArgs): ListenerArgs[] =>
        (hostnames.length === 0 ? [undefined] : hostnames).map((hostname, index) => ({
            ...listener,
            name: index === 0 ? listener.name : `${listener.name}-${index + 1}`,
            hostname,
            routesFrom,
        }));
    const http = each({ name: "http", port: 80, protocol: "HTTP" });
    return tlsSecret === undefined
        ? http
        : [...http, ...each({ name: "https", port: 443, protocol: "HTTPS", tlsSecret })];
}

/** A listener as the Gateway has it. */
export function listenerSpec({ name, port, protocol, hostname, tlsSecret, routesFrom = "Same" }: ListenerArgs) {
    return {
        name,
        port,
        protocol,
        ...(hostname !== undefined && { hostname }),
        ...(tlsSecret !== undefined && {
            tls: { mode: "Terminate", certificateRefs: [{ kind: "Secret", name: tlsSecret }] },
        }),
        allowedRoutes: { namespaces: { from: routesFrom } },
    };
}
