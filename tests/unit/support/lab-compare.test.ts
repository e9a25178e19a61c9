import { describe, expect, test } from "vitest";
import { describe as inWords, differences, judge, withoutServerFields } from "../../support/lab-compare";
import type { KubeObject } from "../../support/lab-objects";

const object = (fields: Record<string, unknown>): KubeObject =>
    ({
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "kiali", uid: "1", creationTimestamp: "2025-01-01T00:00:00Z" },
        ...fields,
    }) as KubeObject;

describe("differences", () => {
    test("finds a changed value, a missing field and one too many, by their paths", () => {
        const reference = {
            spec: { type: "ClusterIP", a: 1 },
            metadata: { labels: { "app.kubernetes.io/instance": "x" } },
        };
        const live = { spec: { type: "NodePort", b: 2 }, metadata: { labels: {} } };
        expect(differences("o", reference, live)).toEqual([
            { object: "o", path: "spec.type", reference: "ClusterIP", live: "NodePort" },
            { object: "o", path: "spec.a", reference: 1, live: undefined },
            { object: "o", path: "spec.b", reference: undefined, live: 2 },
            { object: "o", path: 'metadata.labels["app.kubernetes.io/instance"]', reference: "x", live: undefined },
        ]);
    });

    test("an object without annotations is one with none", () => {
        expect(differences("o", { metadata: {} }, { metadata: { annotations: { a: "b" }, labels: {} } })).toEqual([
            { object: "o", path: "metadata.annotations.a", reference: undefined, live: "b" },
        ]);
    });

    test("compares named things by name, so that one in the middle is one difference, and tells another order", () => {
        const [a, b, c] = [{ name: "a" }, { name: "b" }, { name: "c" }];
        expect(differences("o", { volumes: [a, c] }, { volumes: [a, b, c] })).toEqual([
            { object: "o", path: "volumes[b]", reference: undefined, live: b },
        ]);
        expect(differences("o", { volumes: [a, c] }, { volumes: [c, a] }).map(({ path }) => path)).toEqual([
            "volumes (order)",
        ]);
    });

    test("compares other lists by position", () => {
        expect(differences("o", ["x", "y"], ["x", "z"])).toEqual([
            { object: "o", path: "[1]", reference: "y", live: "z" },
        ]);
    });

    test("tells an empty map from none, and 0 from false", () => {
        expect(differences("o", {}, undefined)).toHaveLength(1);
        expect(differences("o", 0, false)).toHaveLength(1);
    });

    test("finds nothing in equal objects", () => {
        expect(differences("o", { a: [{ name: "x", b: null }] }, { a: [{ name: "x", b: null }] })).toEqual([]);
    });
});

describe("judge", () => {
    const found = [
        {
            object: "Service istio-system/kiali",
            path: 'metadata.annotations["pulumi.com/skipAwait"]',
            reference: undefined,
            live: "true",
        },
    ];

    test("passes over what is meant, and only that", () => {
        const meant = { object: "Service *", path: 'metadata.annotations["pulumi.com/skipAwait"]', why: "" };
        expect(judge(found, [meant])).toEqual({ unexpected: [], unused: [] });
        expect(judge(found, [{ ...meant, path: "metadata.annotations" }]).unexpected).toEqual(found);
        expect(judge(found, [{ ...meant, object: "Deployment *" }]).unexpected).toEqual(found);
    });

    test("names a meant difference that does not occur", () => {
        const gone = { object: "*", path: "spec.type", why: "" };
        expect(judge(found, [gone]).unused).toEqual([gone]);
    });

    test("takes dots and brackets of a pattern as they are", () => {
        expect(
            judge(
                [{ object: "o", path: "specXtype", reference: 1, live: 2 }],
                [{ object: "o", path: "spec.type", why: "" }],
            ).unexpected,
        ).toHaveLength(1);
    });
});

describe("withoutServerFields", () => {
    test("drops status, what the API server writes into metadata, and assigned cluster IPs", () => {
        const service = object({
            spec: { clusterIP: "10.96.0.7", clusterIPs: ["10.96.0.7"], type: "ClusterIP" },
            status: { loadBalancer: {} },
        });
        expect(withoutServerFields(service)).toEqual({
            apiVersion: "v1",
            kind: "Service",
            metadata: { name: "kiali" },
            spec: { type: "ClusterIP" },
        });
    });

    test("keeps a headless Service's None", () => {
        const spec = { clusterIP: "None", clusterIPs: ["None"] };
        expect(withoutServerFields(object({ spec }))).toMatchObject({ spec });
    });
});

test("a long text is shown around the place where it changes", () => {
    const text = "a".repeat(1000);
    expect(inWords(differences("o", `${text}b${text}`, `${text}c${text}`))).toContain("aab");
});
