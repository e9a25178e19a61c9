import type { HttpRoute } from "../../src/snapshot/snapshot";
import { expectedShares, type RoutingInput } from "../../src/traffic/expected";
import { type DestinationRule, type VirtualService } from "../../src/traffic/istioRoutes";
import { service, slice } from "../../testing/cluster";
import { mesh } from "../../testing/mesh";

export const REVIEWS = { namespace: "shop", name: "reviews" };
export type Input = Partial<RoutingInput> & { routes?: HttpRoute[] };

/** The mesh of the tests, with a Service for each version of reviews as well. */
export const snapshot = () => {
    const base = mesh();
    const versions = ["v1", "v2", "v3"];
    return {
        ...base,
        services: [
            ...base.services,
            ...versions.map((version) =>
                service({ name: `reviews-${version}`, selector: { app: "reviews", version } }),
            ),
        ],
        endpointSlices: [
            ...base.endpointSlices,
            ...versions.map((version, at) =>
                slice({
                    service: `reviews-${version}`,
                    endpoints: [{ address: `10.244.0.${at + 2}`, pod: `reviews-${version}` }],
                }),
            ),
        ],
    };
};
export const shares = ({ routes = [], ...input }: Input = {}) =>
    expectedShares(REVIEWS, {
        snapshot: { ...snapshot(), routes: [...snapshot().routes, ...routes] },
        virtualServices: [],
        destinationRules: [],
        concurrency: 4,
        ...input,
    });
export const known = (input: Input) => {
    const found = shares(input);
    if (!found.known) throw new Error(found.why);
    return { ...found, byVersion: Object.fromEntries(found.byVersion) };
};

type RuleOf<T> = T extends readonly (infer R)[] ? R : never;
export type RouteRule = RuleOf<NonNullable<NonNullable<HttpRoute["spec"]>["rules"]>>;
export const meshRoute = (weights: Record<string, number | undefined>, over: Partial<RouteRule> = {}): HttpRoute => ({
    metadata: { namespace: "shop", name: "reviews" },
    spec: {
        parentRefs: [{ kind: "Service", name: "reviews" }],
        rules: [
            {
                backendRefs: Object.entries(weights).map(([version, weight]) => ({
                    name: `reviews-${version}`,
                    port: 9080,
                    weight,
                })),
                ...over,
            },
        ],
    },
});
export const virtual = (
    weights: Record<string, number | undefined>,
    over: Partial<NonNullable<VirtualService["spec"]>> = {},
): VirtualService => ({
    metadata: { namespace: "shop", name: "reviews" },
    spec: {
        hosts: ["reviews"],
        http: [
            {
                route: Object.entries(weights).map(([subset, weight]) => ({
                    destination: { host: "reviews", subset },
                    weight,
                })),
            },
        ],
        ...over,
    },
});
export const subsets = (
    policy: NonNullable<DestinationRule["spec"]>["trafficPolicy"] = undefined,
): DestinationRule => ({
    metadata: { namespace: "shop", name: "reviews" },
    spec: {
        host: "reviews.shop.svc.cluster.local",
        trafficPolicy: policy,
        subsets: ["v1", "v2", "v3"].map((version) => ({ name: version, labels: { version } })),
    },
});
