import type { V1Namespace, V1Pod } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { inspectInjection } from "../../src/mesh/injection";
import { findScope } from "../../src/mesh/scope";
import type { ClusterSnapshot } from "../../src/snapshot/snapshot";
import { namespace } from "../../testing/cluster";
import { injected, injector, mesh } from "../../testing/mesh";

function inspect(over: Partial<ClusterSnapshot>) {
    const snapshot = { ...mesh(), ...over };
    return inspectInjection(snapshot, findScope(snapshot)).findings;
}
const shop = (labels: Record<string, string>): V1Namespace[] => [namespace("istio-system"), namespace("shop", labels)];
const codes = (over: Partial<ClusterSnapshot>) => inspect(over).map(({ severity, code }) => `${severity} ${code}`);

describe("a namespace without a label", () => {
    const found = (pods: V1Pod[], webhooks = mesh().webhooks) => codes({ namespaces: shop({}), pods, webhooks });

    it("of gateways alone needs none", () => {
        const router = injected({ name: "front" });
        router.spec!.containers[1]!.args![1] = "router";
        expect(found([router])).toEqual([]);
        expect(found([router, injected({ name: "reviews" })])).toEqual(["problem injection/no-label"]);
    });

    it("whose pods ask by their own label needs none", () => {
        const byLabel = injector();
        byLabel.webhooks!.push({
            ...byLabel.webhooks![0]!,
            name: "object.sidecar-injector.istio.io",
            namespaceSelector: { matchExpressions: [{ key: "istio-injection", operator: "DoesNotExist" }] },
            objectSelector: { matchLabels: { "sidecar.istio.io/inject": "true" } },
        });
        const asking = injected({ name: "asks", labels: { "sidecar.istio.io/inject": "true" } });
        expect(found([asking], [byLabel])).toEqual([]);
        expect(found([asking, injected({ name: "not" })], [byLabel])).toEqual(["problem injection/no-label"]);
    });
});

describe("a revision's tag", () => {
    it("is a revision that an injector serves", () => {
        const tagged = injector({ revision: "canary" });
        const selector = tagged.webhooks![0]!.namespaceSelector!.matchExpressions!;
        selector[0] = { key: "istio.io/rev", operator: "In", values: ["prod"] };
        const over = { namespaces: shop({ "istio.io/rev": "prod" }), webhooks: [tagged] };
        expect(codes(over)).toEqual([]);
        expect(inspect({ ...over, namespaces: shop({ "istio.io/rev": "other" }) })[0]!.message).toContain(
            'The namespace shop asks for the revision "other", which no injector serves (there are: canary)',
        );
    });
});
