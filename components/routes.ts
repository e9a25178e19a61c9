import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** How a path is compared. */
export const PathType = { Exact: "Exact", PathPrefix: "PathPrefix" } as const;
export type PathType = (typeof PathType)[keyof typeof PathType];

/** Paths of requests. */
export interface PathArgs {
    /**
     * `Exact`, or `PathPrefix` for a path and all below it.
     *
     * A change: in place.
     */
    type: pulumi.Input<PathType>;
    /**
     * The path; it begins with `/`.
     *
     * A change: in place.
     */
    value: pulumi.Input<string>;
}

/** An HTTPRoute: requests for some paths, and the Service that answers them. */
export interface RouteArgs {
    /**
     * Name of the HTTPRoute, no other route's in the namespace.
     *
     * A change: replacement.
     */
    name: string;
    /**
     * Namespace of the HTTPRoute and of the Service; another one than the Gateway's where it takes routes of it.
     *
     * A change: replacement.
     * @default the Gateway's
     */
    namespace?: pulumi.Input<string>;
    /**
     * Name of the Service.
     *
     * A change: in place.
     */
    service: pulumi.Input<string>;
    /**
     * Port of the Service.
     *
     * A change: in place.
     */
    port: pulumi.Input<number>;
    /**
     * The paths that go there.
     *
     * A change: in place.
     * @default all of them
     */
    paths?: PathArgs[];
    /**
     * Host names that it answers, of those that the Gateway answers.
     *
     * A change: in place.
     * @default all of them
     */
    hostnames?: pulumi.Input<pulumi.Input<string>[]>;
}

/** What a route has of its Gateway. */
interface GatewayOfRoute {
    gatewayName: string;
    namespace: pulumi.Input<string>;
}

/** Registers a route of a Gateway. */
export function createRoute(
    [child, options]: [name: string, options: pulumi.CustomResourceOptions],
    gateway: GatewayOfRoute,
    { name, namespace, service, port, paths, hostnames }: RouteArgs,
): k8s.apiextensions.CustomResource {
    return new k8s.apiextensions.CustomResource(
        child,
        {
            apiVersion: "gateway.networking.k8s.io/v1",
            kind: "HTTPRoute",
            metadata: { name, namespace: namespace ?? gateway.namespace },
            spec: {
                parentRefs: [
                    { name: gateway.gatewayName, ...(namespace !== undefined && { namespace: gateway.namespace }) },
                ],
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
