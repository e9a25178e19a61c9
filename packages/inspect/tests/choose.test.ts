import { describe, expect, it } from "vitest";
import { choosePods, chooseService } from "../src/choose";
import { note, problem } from "../src/finding";
import type { ServicePath } from "../src/join";
import { findScope } from "../src/mesh/scope";
import { injected, mesh } from "../testing/mesh";

describe("the pods that a name means", () => {
    const owned = injected({ name: "details-v1-abc-xyz", labels: { app: "details", "pod-template-hash": "abc" } });
    owned.metadata!.ownerReferences = [
        { kind: "ReplicaSet", name: "details-v1-abc", apiVersion: "apps/v1", uid: "", controller: true },
    ];
    const snapshot = {
        ...mesh(),
        pods: [...mesh().pods, owned, injected({ namespace: "other", name: "productpage-v1" })],
    };
    const scope = findScope(mesh());
    const names = (name?: string) =>
        choosePods(snapshot, scope, name).map(({ metadata }) => `${metadata?.namespace}/${metadata?.name}`);

    it("are all of the scope with a proxy where none is given", () => {
        expect(names()).toEqual([
            "shop/details-v1-abc-xyz",
            "shop/productpage-v1",
            "shop/reviews-v1",
            "shop/reviews-v2",
            "shop/reviews-v3",
        ]);
    });

    it.each([
        ["reviews-v2", ["shop/reviews-v2"]],
        ["details-v1", ["shop/details-v1-abc-xyz"]],
        ["reviews", ["shop/reviews-v1", "shop/reviews-v2", "shop/reviews-v3"]],
        ["prod", ["shop/productpage-v1"]],
        ["other/productpage-v1", ["other/productpage-v1"]],
        ["istiod-1", ["istio-system/istiod-1"]],
    ])("%s: %j", (name, found) => {
        expect(names(name)).toEqual(found);
    });

    it("are none for a name that nothing has", () => {
        expect(() => names("ratings")).toThrow(
            'There is no pod "ratings" in istio-system and shop; there are: shop/details-v1-abc-xyz, ' +
                "shop/productpage-v1, shop/reviews-v1, shop/reviews-v2 and shop/reviews-v3.",
        );
    });
});

describe("the paths of one Service", () => {
    const path = (service: string, portName: string, port: number): ServicePath => ({
        namespace: "shop",
        service,
        portName,
        port,
        protocol: "TCP",
        targetPort: "1",
        type: "ClusterIP",
        family: "IPv4",
        entries: [],
        chain: `KUBE-SVC-${service}${port}`,
        endpoints: [],
        localEndpoints: [],
        lost: 0,
    });
    const traffic = {
        paths: [path("reviews", "http", 9080), path("front", "http", 80), path("front", "status", 15_021)],
        findings: [
            problem("a", "shop/reviews:http", "about reviews"),
            problem("b", "shop/front:http", "about front"),
            note("c", "KUBE-SVC-front80", "about its chain"),
            problem("d", "IPv4 OUTPUT", "about all"),
        ],
    };

    it.each([
        ["reviews", ["reviews 9080"]],
        ["shop/reviews", ["reviews 9080"]],
        ["front", ["front 80", "front 15021"]],
        ["front:status", ["front 15021"]],
        ["shop/front:80", ["front 80"]],
    ])("%s: %j", (name, found) => {
        expect(chooseService(traffic, name).paths.map(({ service, port }) => `${service} ${port}`)).toEqual(found);
    });

    it("keep their own findings, those of their chains and those of the whole node", () => {
        expect(chooseService(traffic, "front:http").findings.map(({ code }) => code)).toEqual(["b", "c", "d"]);
        expect(chooseService(traffic).findings).toHaveLength(4);
    });

    it("are none for a name that nothing has", () => {
        expect(() => chooseService(traffic, "ratings")).toThrow(
            'There is no Service port "ratings" with a cluster IP in the namespaces looked at; there are: ' +
                "shop/reviews and shop/front.",
        );
    });
});
