import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** How a path is compared. */
export const PathType = { Exact: "Exact", PathPrefix: "PathPrefix" } as const;
export type PathType = (typeof PathType)[keyof typeof PathType];

/** Paths of requests. */
export interface PathArgs {
    /** `Exact`, or `PathPrefix` for a path and all below it. */
    type: pulumi.Input<PathType>;
    /** Begins with `/`. */
    value: pulumi.Input<string>;
}

/** An HTTPRoute: requests for some paths, and the Service that answers them. */
export interface RouteArgs {
    /** Name of the HTTPRoute, no other route's in the namespace. */
    name: string;
    /** Name of the Service, in the Gateway's namespace. */
    service: pulumi.Input<string>;
    /** Its port. */
    port: pulumi.Input<number>;
    /** The paths that go there. @default all of them */
    paths?: PathArgs[];
    /** Host names that it answers. @default the Gateway's */
    hostnames?: pulumi.Input<pulumi.Input<string>[]>;
}

/** What a route has of its Gateway. */
interface GatewayOfRoute {
    gatewayName: string;
    namespace: pulumi.Input<string>;
    hostnames?: pulumi.Input<pulumi.Input<string>[]>;
}

/** Registers a route of a Gateway. */
export function createRoute(
    [child, options]: [name: string, options: pulumi.CustomResourceOptions],
    { gatewayName, namespace, ...gateway }: GatewayOfRoute,
    { name, service, port, paths, hostnames = gateway.hostnames }: RouteArgs,
): k8s.apiextensions.CustomResource {
    return new k8s.apiextensions.CustomResource(
        child,
        {
            apiVersion: "gateway.networking.k8s.io/v1",
            kind: "HTTPRoute",
            metadata: { name, namespace },
            spec: {
                parentRefs: [{ name: gatewayName }],
                ...(hostnames !== undefined && { hostnames }),
                rules: [
                    {
                        ...(paths && { matches: paths.map((path) => ({ path })) }),
                        backendRefs: [{ name: service, port }],
                    },
                ],
            },
        },
        options,
    );
}
