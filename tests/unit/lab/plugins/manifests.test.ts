import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
    completeObjects,
    parseManifests,
    readManifests,
} from "../../../../lab/plugins/kubernetes/construct/manifests";

describe("YAML as Kubernetes reads it", () => {
    it("knows YAML 1.1's octal numbers and booleans, but no dates and no sexagesimals", () => {
        const [object] = parseManifests("mode: 0644\non1: yes\ndate: 2020-01-01\ntime: 12:30:45\n");
        expect(object).toEqual({ mode: 420, on1: true, date: "2020-01-01", time: "12:30:45" });
    });

    it("reads several documents and leaves out the empty ones", () => {
        expect(parseManifests("---\n# nothing\n---\na: 1\n---\n{}\n---\nb: 2\n")).toEqual([{ a: 1 }, { b: 2 }]);
    });

    it("reads JSON", () => {
        expect(parseManifests('{"a": [1]}')).toEqual([{ a: [1] }]);
    });

    it("says where a text is no YAML, or no object", () => {
        expect(() => parseManifests("a: [")).toThrow(/decoding YAML/);
        expect(() => parseManifests("just words")).toThrow(/"just words", not an object/);
    });
});

describe("completed objects", () => {
    const cluster = { isNamespaced: (gvk: { kind: string }) => Promise.resolve({ A: true, B: false }[gvk.kind]) };
    const complete = (yaml: string) => completeObjects(parseManifests(yaml), "given", cluster as never);

    it("get a namespace where their kind has one", async () => {
        const { objects, unresolved } = await complete(
            "{apiVersion: core/v1, kind: A, metadata: {name: a}}\n---\n{apiVersion: v1, kind: B, metadata: {name: b}}\n" +
                "---\n{apiVersion: v1, kind: A, metadata: {name: c, namespace: own}}\n---\n{apiVersion: x/v1, kind: C, metadata: {name: d}}",
        );
        expect(objects.map((object) => object["metadata"])).toEqual([
            { name: "a", namespace: "given" },
            { name: "b" },
            { name: "c", namespace: "own" },
            { name: "d" },
        ]);
        expect(objects[0]!["apiVersion"]).toBe("v1");
        expect(unresolved).toEqual([{ group: "x", version: "v1", kind: "C" }]);
    });

    it("come out of lists", async () => {
        const { objects } = await complete(
            "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: B, metadata: {name: b}}]}",
        );
        expect(objects.map((object) => object["kind"])).toEqual(["B"]);
    });

    it("must say what they are and who", async () => {
        await expect(complete("{kind: A, metadata: {name: a}}")).rejects.toThrow(/require a kind and apiVersion/);
        await expect(complete("{apiVersion: v1, kind: A}")).rejects.toThrow(/require a .metadata.name/);
    });
});

describe("manifest files", () => {
    let folder: string;
    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "manifests-"));
        for (const name of ["b.yaml", "a.yaml", "c.txt"]) writeFileSync(join(folder, name), `file: ${name}`);
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    it("are found by pattern, in order", async () => {
        expect(await readManifests({ files: [join(folder, "*.yaml")], glob: true })).toEqual([
            { file: "a.yaml" },
            { file: "b.yaml" },
        ]);
    });

    it("must exist when they are named", async () => {
        await expect(readManifests({ files: [join(folder, "none.yaml")] })).rejects.toThrow(/reading YAML file from disk/);
    });
});
