import { describe, expect, it } from "vitest";
import {
    markSecrets,
    readCheckpoint,
    toObject,
    writeCheckpoint,
} from "../../../../lab/plugins/kubernetes/object/checkpoint";
import {
    adoptName,
    autoname,
    idOf,
    isNamed,
    parseId,
    timeoutMs,
    uniqueName,
    usesGenerateName,
} from "../../../../lab/plugins/kubernetes/object/names";
import { prune } from "../../../../lab/plugins/kubernetes/object/prune";
import { inputsFromLive } from "../../../../lab/plugins/kubernetes/resource/import";
import { mergedManagedFields } from "../../../../lab/plugins/kubernetes/resource/field-managers";
import { withIgnoredFields } from "../../../../lab/plugins/kubernetes/resource/write";
import { Secret, UNKNOWN, type Props } from "../../../../lab/plugins/rpc/values";

const meta = { initialApiVersion: "v1", fieldManager: "pulumi-kubernetes-1" };

describe("state", () => {
    it("holds the live object and the inputs, and gives both back", () => {
        const inputs = { kind: "CustomResourceDefinition", spec: { schema: { "x-kubernetes-int-or-string": true } } };
        const live = { ...inputs, status: {} };
        const state = writeCheckpoint(inputs, live, inputs, meta);
        expect(state["__inputs"]).toEqual({ kind: inputs.kind, spec: { schema: { x_kubernetes_int_or_string: true } } });
        const { inputs: readInputs, live: readLive } = readCheckpoint(state);
        expect(readInputs).toEqual(inputs);
        expect(readLive).toMatchObject(live);
    });

    it("keeps secret what was, as narrowly as it was", () => {
        const from = { spec: { a: new Secret("x"), list: [{ b: new Secret("y") }], plain: 1 } };
        const state = writeCheckpoint(toObject(from), toObject(from), from, meta);
        const expected = { a: new Secret("x"), list: new Secret([{ b: "y" }]), plain: 1 };
        expect(state["spec"]).toEqual(expected);
        expect((state["__inputs"] as Props)["spec"]).toEqual(expected);
    });

    it("always hides a Secret's data", () => {
        const secret: Props = { kind: "Secret", data: { a: "eA==" }, metadata: { name: "s" } };
        markSecrets(secret, {});
        expect(secret).toEqual({ kind: "Secret", data: new Secret({ a: "eA==" }), metadata: { name: "s" } });
    });
});

describe("a live object cut to its inputs", () => {
    it("loses what the inputs do not mention, list items included", () => {
        const live = { a: 1, b: { c: 1, d: 2 }, list: [{ x: 1, y: 2 }, { x: 3 }], strings: ["p", "q"] };
        const shape = { b: { c: 0 }, list: [{ x: 0 }], strings: ["z"] };
        expect(prune(live, shape)).toEqual({ b: { c: 1 }, list: [{ x: 1 }], strings: ["p"] });
    });

    it("keeps as a whole what is of another type than the inputs", () => {
        expect(prune({ a: { b: 1 }, list: ["p", "q"] }, { a: "x", list: [1] })).toEqual({ a: { b: 1 }, list: ["p", "q"] });
    });

    it("is what an import takes for inputs, without the cluster's own fields", () => {
        const metadata = { name: "s", uid: "1", labels: { a: "b" }, resourceVersion: "2" };
        const live = { apiVersion: "v1", kind: "Service", metadata, spec: { type: "ClusterIP" }, status: {} };
        const identity = { apiVersion: "v1", kind: "Service", metadata: { name: "s" } };
        expect(inputsFromLive(live, identity)).toEqual({
            ...identity,
            metadata: { name: "s", labels: { a: "b" } },
            spec: { type: "ClusterIP" },
        });
        const custom = { ...live, apiVersion: "x.io/v1", kind: "X" };
        const customIdentity = { ...identity, apiVersion: "x.io/v1", kind: "X" };
        expect(inputsFromLive(custom, customIdentity)).toEqual(customIdentity);
    });
});

describe("names", () => {
    it("are the same for the same seed", () => {
        const seed = new Uint8Array([1, 2, 3]);
        expect(uniqueName("a-", seed)).toBe(uniqueName("a-", seed));
        expect(uniqueName("a-", seed)).toMatch(/^a-[0-9a-f]{8}$/);
        expect(uniqueName("a-", new Uint8Array([4]))).not.toBe(uniqueName("a-", seed));
    });

    it("are given only to what has none, and kept", () => {
        const object: Props = { metadata: {} };
        expect(isNamed(object)).toBe(false);
        expect(isNamed({ metadata: { name: UNKNOWN } })).toBe(true);
        expect(usesGenerateName({ metadata: { generateName: "x-" } })).toBe(true);
        autoname(object, "x-1");
        expect(object).toEqual({ metadata: { name: "x-1", annotations: { "pulumi.com/autonamed": "true" } } });
        const next: Props = { metadata: {} };
        adoptName(next, object);
        expect(next).toEqual(object);
        const own: Props = { metadata: { name: "own" } };
        adoptName(own, object);
        expect(own).toEqual({ metadata: { name: "own" } });
    });

    it("make ids with the namespace, if there is one", () => {
        expect(idOf({ metadata: { name: "a", namespace: "n" } })).toBe("n/a");
        expect(parseId("n/a")).toEqual({ namespace: "n", name: "a" });
        expect(parseId("a")).toEqual({ namespace: "", name: "a" });
    });
});

describe("timeouts", () => {
    const annotated = (seconds: string): Props => ({ metadata: { annotations: { "pulumi.com/timeoutSeconds": seconds } } });
    it("come from the resource's options, else from the annotation, else are the default", () => {
        expect(timeoutMs(5, annotated("7"))).toBe(5000);
        expect(timeoutMs(0, annotated("7"))).toBe(7000);
        expect(timeoutMs(0, annotated("soon"))).toBeUndefined();
    });
});

describe("field managers", () => {
    const entry = (manager: string, operation: string, fieldsV1: Props, more = {}): Props => ({ manager, operation, fieldsV1, ...more });

    it("give the fields of the creation to the apply manager", () => {
        const created = entry("pulumi-kubernetes", "Update", { "f:spec": { "f:a": {} } });
        const status = entry("kube-controller-manager", "Update", { "f:status": {} }, { subresource: "status" });
        expect(mergedManagedFields([created, status], "pulumi-kubernetes-1")).toEqual([
            status,
            entry("pulumi-kubernetes-1", "Apply", { "f:spec": { "f:a": {} } }),
        ]);
    });

    it("merge them with what it applied before", () => {
        const own = entry("me", "Apply", { "f:spec": { "f:b": {} } });
        const created = entry("pulumi-kubernetes", "Update", { "f:spec": { "f:a": {} } });
        expect(mergedManagedFields([own, created], "me")).toEqual([
            entry("me", "Apply", { "f:spec": { "f:b": {}, "f:a": {} } }),
        ]);
    });

    it("are left alone when there is nothing to take over", () => {
        expect(mergedManagedFields([entry("other", "Update", {}), entry("me", "Apply", {})], "me")).toBeUndefined();
    });

    it("decide over ignored fields: others' are left out, the rest is sent as it is", () => {
        const live = {
            spec: { a: "theirs", b: "ours" },
            metadata: {
                managedFields: [
                    entry("other", "Update", { "f:spec": { "f:a": {} } }),
                    entry("me", "Apply", { "f:spec": { "f:b": {} } }),
                ],
            },
        };
        const update = { inputs: { spec: { a: "x", b: "y" } }, fieldManager: "me", ignoreChanges: ["spec.a", "spec.b"] };
        expect(withIgnoredFields(update as never, live)).toEqual({ spec: { b: "ours" } });
    });
});
