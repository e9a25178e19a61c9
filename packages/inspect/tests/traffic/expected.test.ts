import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HttpRoute } from "../../src/snapshot/snapshot";
import { pod, slice } from "../../testing/cluster";

import { type Input, known, meshRoute, shares, snapshot, subsets, virtual } from "./routing";

describe("without a route each ready pod has an equal part", () => {
    it("by which the versions' parts are", () => {
        const { byVersion, exact, why } = known({});
        expect(byVersion).toEqual({ v1: 1 / 3, v2: 1 / 3, v3: 1 / 3 });
        expect([exact, why]).toEqual([false, "an equal part for each ready pod, since nothing routes it otherwise"]);
    });

    it("of which a version with two pods has two, and one that is not ready none", () => {
        const base = snapshot();
        const more = pod({ name: "reviews-v3-b", labels: { app: "reviews", version: "v3" } });
        const slices = slice({
            service: "reviews",
            endpoints: [
                { address: "10.244.0.2", pod: "reviews-v1", ready: false },
                { address: "10.244.0.3", pod: "reviews-v2" },
                { address: "10.244.0.4", pod: "reviews-v3" },
                { address: "10.244.0.9", pod: "reviews-v3-b" },
            ],
        });
        expect(
            known({ snapshot: { ...base, pods: [...base.pods, more], endpointSlices: [slices] } }).byVersion,
        ).toEqual({ v2: 1 / 3, v3: 2 / 3 });
    });

    it("exactly where no pod is preferred: one request at a time, or a balancing that looks at no load", () => {
        expect(known({ concurrency: 1 }).exact).toBe(true);
        expect(known({ destinationRules: [subsets({ loadBalancer: { simple: "ROUND_ROBIN" } })] }).exact).toBe(true);
        expect(known({ destinationRules: [subsets({ loadBalancer: { simple: "LEAST_REQUEST" } })] }).exact).toBe(false);
    });

    it("but not where nothing is ready, or the balancing is another", () => {
        expect(shares({ snapshot: { ...snapshot(), endpointSlices: [] } })).toEqual({
            known: false,
            why: "there is no ready pod behind shop/reviews",
        });
        expect(
            shares({ destinationRules: [subsets({ loadBalancer: { consistentHash: { httpHeaderName: "x" } } })] }),
        ).toEqual({ known: false, why: "the DestinationRule shop/reviews balances by more than load" });
    });

    it("also beside a route of the gateway's, of other callers, and of other Services", () => {
        const other = {
            ...meshRoute({ v1: 1 }),
            metadata: { namespace: "web", name: "reviews" },
            spec: {
                ...meshRoute({ v1: 1 }).spec,
                parentRefs: [{ kind: "Service", name: "reviews", namespace: "shop" }],
            },
        };
        const forGateways = virtual({ v1: 100 }, { gateways: ["front"] });
        expect(
            known({
                routes: [other],
                virtualServices: [
                    forGateways,
                    virtual({ v1: 1 }, { hosts: ["ratings"] }),
                    virtual({ v1: 1 }, { hosts: ["*.wikipedia.org"] }),
                ],
            }).byVersion,
        ).toEqual({ v1: 1 / 3, v2: 1 / 3, v3: 1 / 3 });
    });
});

describe("an HTTPRoute of the Service", () => {
    it("shares out by its weights, exactly", () => {
        const { byVersion, exact, why } = known({ routes: [meshRoute({ v1: 90, v2: 10, v3: 0 })] });
        expect(byVersion).toEqual({ v1: 0.9, v2: 0.1 });
        expect([exact, why]).toEqual([true, "by the weights of the HTTPRoute shop/reviews"]);
        expect(
            known({
                routes: [
                    meshRoute(
                        { v1: undefined, v3: undefined },
                        { matches: [{ path: { type: "PathPrefix", value: "/" } }] },
                    ),
                ],
            }).byVersion,
        ).toEqual({ v1: 0.5, v3: 0.5 });
    });

    it("gives parts that add up to all, whatever the weights", () => {
        fc.assert(
            fc.property(
                fc.record({ v1: fc.nat(1000), v2: fc.nat(1000), v3: fc.integer({ min: 1, max: 1000 }) }),
                (weights) => {
                    const { byVersion } = known({ routes: [meshRoute(weights)] });
                    expect(Object.values(byVersion).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
                    for (const [version, share] of Object.entries(byVersion))
                        expect(share).toBeCloseTo(
                            weights[version as "v1"] / (weights.v1 + weights.v2 + weights.v3),
                            12,
                        );
                },
            ),
            { numRuns: 50 },
        );
    });

    it.each<[string, HttpRoute[], RegExp]>([
        [
            "matches headers",
            [meshRoute({ v2: 1 }, { matches: [{ headers: [{ name: "end-user", value: "jason" }] }] })],
            /^the HTTPRoute shop\/reviews matches some requests only$/,
        ],
        ["has two rules", [{ ...meshRoute({}), spec: { ...meshRoute({}).spec, rules: [{}, {}] } }], /has 2 rules$/],
        [
            "redirects",
            [meshRoute({ v1: 1 }, { filters: [{ type: "RequestRedirect" }] })],
            /has a filter RequestRedirect$/,
        ],
        ["has no weight", [meshRoute({ v1: 0 })], /gives no destination a weight$/],
        ["leads nowhere", [meshRoute({ v9: 1 })], /^there is no ready pod behind shop\/reviews-v9$/],
        [
            "is not in force",
            [
                {
                    ...meshRoute({ v1: 1 }),
                    status: {
                        parents: [{ conditions: [{ type: "Accepted", status: "False", reason: "NotAllowed" }] }],
                    },
                },
            ],
            /is not in force \(NotAllowed\)$/,
        ],
        [
            "is not the only one",
            [meshRoute({ v1: 1 }), meshRoute({ v2: 1 })],
            /^several objects route it: HTTPRoute shop\/reviews and HTTPRoute shop\/reviews$/,
        ],
    ])("that %s is not guessed at", (_, routes, why) => {
        const found = shares({ routes });
        expect(found).toEqual({ known: false, why: expect.stringMatching(why) as string });
    });
});

describe("a VirtualService of the mesh", () => {
    it("shares out by its weights and the subsets' labels", () => {
        const { byVersion, exact, why } = known({
            virtualServices: [virtual({ v1: 80, v3: 20 })],
            destinationRules: [subsets()],
        });
        expect(byVersion).toEqual({ v1: 0.8, v3: 0.2 });
        expect([exact, why]).toEqual([true, "by the weights of the VirtualService shop/reviews"]);
        expect(
            known({
                virtualServices: [
                    virtual(
                        { v2: undefined },
                        { gateways: ["front", "mesh"], hosts: ["reviews.shop.svc.cluster.local"] },
                    ),
                ],
                destinationRules: [subsets()],
            }).byVersion,
        ).toEqual({ v2: 1 });
    });

    it.each<[string, Input, RegExp]>([
        [
            "names a subset that nothing describes",
            { virtualServices: [virtual({ v1: 100 })] },
            /^no DestinationRule describes the subset v1 of shop\/reviews$/,
        ],
        [
            "matches some requests",
            { virtualServices: [virtual({}, { http: [{ match: [{}], route: [] }] })] },
            /matches some requests only$/,
        ],
        [
            "aborts some requests",
            {
                virtualServices: [
                    virtual({}, { http: [{ fault: { abort: {} }, route: [{ destination: { host: "reviews" } }] }] }),
                ],
            },
            /does more than share traffic out$/,
        ],
        ["has two rules", { virtualServices: [virtual({}, { http: [{}, {}] })] }, /has 2 rules$/],
        [
            "covers all by a wildcard",
            { virtualServices: [virtual({ v1: 1 }, { hosts: ["*.svc.cluster.local"] })] },
            /names its hosts by a wildcard$/,
        ],
        [
            "leads out of the cluster",
            { virtualServices: [virtual({}, { http: [{ route: [{ destination: { host: "example.com" } }] }] })] },
            /leads to the host "example\.com"$/,
        ],
        [
            "stands beside an HTTPRoute",
            { virtualServices: [virtual({ v1: 1 })], routes: [meshRoute({ v2: 1 })] },
            /^several objects route it/,
        ],
        [
            "may not be listed",
            { virtualServices: undefined },
            /^this user may not list VirtualServices and DestinationRules$/,
        ],
        [
            "has two DestinationRules",
            { virtualServices: [virtual({ v1: 1 })], destinationRules: [subsets(), subsets()] },
            /^several DestinationRules are for shop\/reviews/,
        ],
    ])("that %s is not guessed at", (_, input, why) => {
        expect(shares(input)).toEqual({ known: false, why: expect.stringMatching(why) as string });
    });
});
