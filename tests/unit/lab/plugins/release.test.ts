import { describe, expect, it } from "vitest";
import { diffRelease } from "../../../../lab/plugins/kubernetes/release/diff";
import { resourceNames } from "../../../../lab/plugins/kubernetes/release/inspect";
import { outline } from "../../../../lab/plugins/kubernetes/release/outline";
import { markUnknowns, mergeValues, readRecord } from "../../../../lab/plugins/kubernetes/release/record";
import { threeWayPatch } from "../../../../lab/plugins/kubernetes/release/three-way";
import { Asset, Secret, UNKNOWN, type Props } from "../../../../lab/plugins/rpc/values";

describe("a release's record", () => {
    it("has every field, and reads values under secrets", async () => {
        const record = await readRecord({ name: "r", values: new Secret({ a: 1 }), timeout: UNKNOWN });
        expect(record).toMatchObject({ name: "r", values: { a: 1 }, timeout: 0, atomic: false, chart: "" });
    });

    it("puts values over value files", async () => {
        const record = await readRecord({ valueYamlFiles: [new Asset({ text: "a: {b: 1, c: 2}" })], values: { a: { c: 3 } } });
        expect(record.values).toEqual({ a: { b: 1, c: 3 } });
    });

    it("refuses a field of the wrong type", async () => {
        await expect(readRecord({ atomic: "yes" })).rejects.toThrow('Release: "atomic" must be a boolean, not "yes"');
    });

    it("merges objects and replaces the rest", () => {
        expect(mergeValues({ a: { b: 1 }, l: [1, 2] }, { a: { c: 2 }, l: [3] })).toEqual({ a: { b: 1, c: 2 }, l: [3] });
    });

    it("marks what is not yet known", () => {
        const target: Props = { values: { a: null, b: [1, 2] }, name: "r" };
        markUnknowns(target, { values: new Secret({ a: UNKNOWN, b: [1, UNKNOWN] }), other: UNKNOWN });
        expect(target).toEqual({ values: { a: UNKNOWN, b: [1, UNKNOWN] }, name: "r" });
    });
});

describe("a three-way patch", () => {
    it("adds and changes against what is, and deletes what was once asked for", () => {
        const patch = threeWayPatch({ gone: 1, a: { x: 1 } }, { a: { y: 2 }, b: [1] }, { gone: 1, a: { x: 1, z: 9 }, b: [2], extra: 1 });
        expect(patch).toEqual({ gone: null, a: { x: null, y: 2 }, b: [1] });
    });
});

describe("a release's diff", () => {
    const inputs = { name: "r", namespace: "n", chart: "c", version: "1", values: { a: 1 } };
    const state = (more: Props = {}): Props => ({
        ...inputs,
        resourceNames: { "Service/v1": ["s"] },
        status: { revision: 1 },
        __inputs: new Secret(inputs),
        ...more,
    });

    it("is empty when nothing was asked for anew, whatever helm added", () => {
        expect(diffRelease(state({ values: { a: 1, fromTheChart: 2 } }), inputs, []).size).toBe(0);
    });

    it("names changed values, also those that changed outside", () => {
        expect([...diffRelease(state(), { ...inputs, values: { a: 2 } }, []).keys()]).toEqual(["values.a"]);
        expect([...diffRelease(state({ values: { a: 5 } }), inputs, []).keys()]).toEqual(["values.a"]);
        expect([...diffRelease(state({ version: "2" }), inputs, []).keys()]).toEqual(["version"]);
    });

    it("replaces another name or namespace", () => {
        const changes = diffRelease(state(), { ...inputs, namespace: "m", chart: "d" }, []);
        expect([...changes].map(([path, { replace }]) => [path, replace])).toEqual([["namespace", true], ["chart", false]]);
    });

    it("can leave the version to others", () => {
        expect(diffRelease(state({ version: "2" }), inputs, ["version"]).size).toBe(0);
    });
});

describe("names of a release's resources", () => {
    it("are grouped by kind and apiVersion", () => {
        const manifest = [
            "{apiVersion: apps/v1, kind: Deployment, metadata: {name: b, namespace: team}}",
            "{apiVersion: v1, kind: Service, metadata: {name: s}}",
            "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}}",
            "# nothing",
        ].join("\n---\n");
        expect(resourceNames(manifest)).toEqual({ "Deployment.apps/apps/v1": ["a", "team/b"], "Service/v1": ["s"] });
    });
});

describe("a manifest's outline", () => {
    it("is what the objects are called, and what a CRD defines", () => {
        const manifest = `---
# Source: chart/templates/a.yaml
apiVersion: v1
data:
  kind: not this
  text: |
    metadata: nor this
kind: ConfigMap
metadata:
  name: "a"
  labels:
    x: "1"
---
kind: CustomResourceDefinition
apiVersion: apiextensions.k8s.io/v1
spec:
  versions:
  - name: v1
    schema: {}
  - name: v2
  group: x.io
  scope: Namespaced
  names:
    kind: A
    shortNames:
    - as
metadata:
  name: as.x.io
---
{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "flow"}}
`;
        expect(outline(manifest)).toEqual([
            { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", labels: { x: "1" } } },
            {
                apiVersion: "apiextensions.k8s.io/v1",
                kind: "CustomResourceDefinition",
                metadata: { name: "as.x.io" },
                spec: { group: "x.io", scope: "Namespaced", names: { kind: "A", shortNames: ["as"] } },
            },
            { apiVersion: "v1", kind: "Service", metadata: { name: "flow" } },
        ]);
    });
});
