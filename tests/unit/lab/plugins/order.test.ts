import { describe, expect, it } from "vitest";
import { inOrder } from "../../../../lab/plugins/kubernetes/construct/order";
import { childName } from "../../../../lab/plugins/kubernetes/construct/register";
import { typeToken } from "../../../../lab/plugins/kubernetes/object/kinds";

function object(apiVersion: string, kind: string, name: string, metadata: object = {}, more: object = {}) {
    return { apiVersion, kind, metadata: { name, ...metadata }, ...more };
}

const crd = object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "as.x.io", {}, {
    spec: { group: "x.io", names: { kind: "A" } },
});

function order(...objects: object[]): { names: unknown[]; dependencies: number[][] } {
    const ordered = inOrder(objects as never);
    return {
        names: ordered.map((item) => `${String(item.object["kind"])} ${childName(item.object, "")}`),
        dependencies: ordered.map((item) => item.dependencies),
    };
}

describe("order of a manifest's objects", () => {
    it("puts a namespace before its contents and a definition before its custom resources", () => {
        const result = order(
            object("x.io/v1", "A", "a", { namespace: "n" }),
            object("v1", "Service", "s", { namespace: "n" }),
            crd,
            object("v1", "Namespace", "n"),
        );
        expect(result.names).toEqual([
            "Namespace n",
            "CustomResourceDefinition as.x.io",
            "Service n/s",
            "A n/a",
        ]);
        expect(result.dependencies).toEqual([[], [], [0], [1, 0]]);
    });

    it("sorts what is free by kind, then by name", () => {
        const { names } = order(
            object("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "w"),
            object("apps/v1", "Deployment", "d"),
            object("x.io/v1", "A", "a"),
            object("v1", "ServiceAccount", "z"),
            object("v1", "ServiceAccount", "b"),
        );
        expect(names).toEqual([
            "ServiceAccount b",
            "ServiceAccount z",
            "Deployment d",
            "A a",
            "ValidatingWebhookConfiguration w",
        ]);
    });

    it("heeds the depends-on annotation", () => {
        const annotations = { "config.kubernetes.io/depends-on": "apps/namespaces/n/Deployment/d" };
        const { names } = order(
            object("v1", "ConfigMap", "c", { namespace: "n", annotations }),
            object("apps/v1", "Deployment", "d", { namespace: "n" }),
        );
        expect(names).toEqual(["Deployment n/d", "ConfigMap n/c"]);
    });

    it("refuses a dependency outside the manifest, a malformed one, and a cycle", () => {
        const depending = (on: string, name = "c"): object =>
            object("v1", "ConfigMap", name, { annotations: { "config.kubernetes.io/depends-on": on } });
        expect(() => order(depending("/Secret/s"))).toThrow(/\/Secret\/s is none of these objects/);
        expect(() => order(depending("Secret"))).toThrow(/must be <group>/);
        expect(() => order(depending("/ConfigMap/d"), depending("/ConfigMap/c", "d"))).toThrow(/cyclic dependency/);
    });
});

describe("names and types of children", () => {
    it("carry prefix and namespace as far as there are any", () => {
        expect(childName(object("v1", "Service", "s", { namespace: "n" }), "chart")).toBe("chart:n/s");
        expect(childName(crd, "chart")).toBe("chart:as.x.io");
        expect(childName(crd, "")).toBe("as.x.io");
    });

    it("follow the SDK's tokens", () => {
        expect(typeToken({ group: "", version: "v1", kind: "Service" })).toBe("kubernetes:core/v1:Service");
        expect(typeToken({ group: "x.io", version: "v2", kind: "A" })).toBe("kubernetes:x.io/v2:A");
    });
});
