import { describe, expect, it } from "vitest";
import { diffResource, type DiffQuestion } from "../../../../lab/plugins/kubernetes/resource/diff";
import {
    contains,
    parsePropertyPath,
    propertyPath,
} from "../../../../lab/plugins/kubernetes/resource/detailed-diff";
import { UNKNOWN, type Props } from "../../../../lab/plugins/rpc/values";

function deployment(change: (spec: Props) => void = () => undefined): Props {
    const spec = {
        replicas: 1,
        selector: { matchLabels: { app: "a" } },
        template: { spec: { containers: [{ name: "c", image: "i:1" }] } },
    };
    change(spec);
    return { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "d", namespace: "n" }, spec };
}

/** State after a creation: the API server has added defaults and a status. */
function stateOf(inputs: Props): Props {
    const live = structuredClone(inputs) as Props & { spec?: Props };
    if (live.spec) live.spec["progressDeadlineSeconds"] = 600;
    return { ...live, status: { observedGeneration: 1 }, __inputs: inputs, __fieldManager: "pulumi-kubernetes-1" };
}

function ask(olds: Props, news: Props, more: Partial<DiffQuestion> = {}): ReturnType<typeof diffResource> {
    const type = `kubernetes:${String(news["apiVersion"]).replace(/^v1$/, "core/v1")}:${String(news["kind"])}`;
    return diffResource({
        urn: `urn:pulumi:s::p::${type}::x`,
        olds,
        news,
        ignoreChanges: [],
        namespaced: true,
        serverSideApply: true,
        configMapMutable: false,
        secretMutable: false,
        ...more,
    });
}

describe("what is a change", () => {
    it("nothing, when only the API server added fields", () => {
        const answer = ask(stateOf(deployment()), deployment());
        expect([answer.changes.size, answer.replaces, answer.deleteBeforeReplace]).toEqual([0, [], false]);
    });

    it("an updated image, by its path, in place", () => {
        const changed = deployment((spec) => {
            (spec["template"] as { spec: { containers: Props[] } }).spec.containers[0]!["image"] = "i:2";
        });
        const { changes, replaces } = ask(stateOf(deployment()), changed);
        expect([...changes]).toEqual([
            ["spec.template.spec.containers[0].image", { kind: "update", replace: false, inputDiff: false }],
        ]);
        expect(replaces).toEqual([]);
    });

    it("drift: what others changed of the program's fields", () => {
        const state = stateOf(deployment());
        (state["spec"] as Props)["replicas"] = 3;
        expect([...ask(state, deployment()).changes.keys()]).toEqual(["spec.replicas"]);
    });

    it("a field that the program no longer sets", () => {
        const { changes } = ask(stateOf(deployment()), deployment((spec) => delete spec["replicas"]));
        expect([...changes]).toEqual([["spec.replicas", { kind: "delete", replace: false, inputDiff: true }]]);
    });

    it("a value that is not yet known", () => {
        const { changes } = ask(stateOf(deployment()), deployment((spec) => (spec["replicas"] = UNKNOWN)));
        expect([...changes.entries()]).toEqual([["spec.replicas", { kind: "update", replace: false, inputDiff: false }]]);
    });

    it("an item that is gone from a list, and a key that is gone from an item", () => {
        const old = deployment((spec) => {
            const { containers } = (spec["template"] as { spec: { containers: Props[] } }).spec;
            containers[0]!["tty"] = true;
            containers.push({ name: "d" });
        });
        const { changes } = ask(stateOf(old), deployment());
        expect([...changes.keys()].sort()).toEqual([
            "spec.template.spec.containers[0].tty",
            "spec.template.spec.containers[1]",
        ]);
    });

    it("not what is ignored", () => {
        const changed = deployment((spec) => (spec["replicas"] = 5));
        expect(ask(stateOf(deployment()), changed, { ignoreChanges: ["spec"] }).changes.size).toBe(0);
        expect(ask(stateOf(deployment()), changed, { ignoreChanges: ["spec.template"] }).changes.size).toBe(1);
    });

    it("not a spelling: an empty list, a quantity", () => {
        const config = { apiVersion: "v1", kind: "LimitRange", metadata: { name: "l", namespace: "n" } };
        const written = { ...config, spec: { limits: [{ max: { cpu: "1000m" } }], empty: [] } };
        const state = { ...config, spec: { limits: [{ max: { cpu: "1" } }] }, __inputs: written };
        expect(ask(state, written).changes.size).toBe(0);
    });

    it("not the default namespace spelled out, nor one on a kind without namespaces", () => {
        const role = (metadata: Props): Props => ({ apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata });
        const state = { ...role({ name: "r" }), __inputs: role({ name: "r" }) };
        expect(ask(state, role({ name: "r", namespace: "n" }), { namespaced: false }).changes.size).toBe(0);
        const config = (metadata: Props): Props => ({ apiVersion: "v1", kind: "ConfigMap", metadata });
        const inDefault = { ...config({ name: "c", namespace: "default" }), __inputs: config({ name: "c" }) };
        expect(ask(inDefault, config({ name: "c" })).changes.size).toBe(0);
    });
});

describe("what makes a new object necessary", () => {
    it("a Deployment's selector", () => {
        const changed = deployment((spec) => (spec["selector"] = { matchLabels: { app: "b" } }));
        const answer = ask(stateOf(deployment()), changed);
        expect(answer.replaces).toEqual(["spec.selector.matchLabels.app"]);
        expect(answer.deleteBeforeReplace).toBe(true);
    });

    it("a name or namespace; then the old one may stay until the new one is there", () => {
        const renamed = { ...deployment(), metadata: { name: "e", namespace: "n" } };
        // State holds the old name, and the program now asks for another.
        const state = stateOf(deployment());
        const moved = { ...deployment(), metadata: { name: "d", namespace: "m" } };
        expect(ask(state, moved)).toMatchObject({ replaces: ["metadata.namespace"], deleteBeforeReplace: false });
        expect(ask(state, renamed)).toMatchObject({ replaces: ["metadata.name"], deleteBeforeReplace: false });
    });

    const config = (data: Props, more: Props = {}): Props => ({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "c", namespace: "n" },
        data,
        ...more,
    });

    it("a ConfigMap's data, unless the provider calls it mutable and the object does not object", () => {
        const state = stateOf(config({ a: "1" }));
        expect(ask(state, config({ a: "2" })).replaces).toEqual(["data.a"]);
        expect(ask(state, config({ a: "2" }), { configMapMutable: true }).replaces).toEqual([]);
        const immutable = stateOf(config({ a: "1" }, { immutable: true }));
        const changed = config({ a: "2" }, { immutable: true });
        expect(ask(immutable, changed, { configMapMutable: true }).replaces).toEqual(["data.a"]);
    });

    it("a Secret's data, but only its type when it is mutable", () => {
        const secret = (data: Props, type = "Opaque"): Props => ({
            apiVersion: "v1",
            kind: "Secret",
            metadata: { name: "s", namespace: "n" },
            type,
            data,
        });
        const state = stateOf(secret({ a: "MQ==" }));
        expect(ask(state, secret({ a: "Mg==" })).replaces).toEqual(["data.a"]);
        expect(ask(state, secret({ a: "Mg==" }), { secretMutable: true }).replaces).toEqual([]);
        expect(ask(state, secret({ a: "MQ==" }, "other"), { secretMutable: true }).replaces).toEqual(["type"]);
    });

    it("a pod's container image, wherever it stands in the list", () => {
        const pod = (image: string): Props => ({
            apiVersion: "v1",
            kind: "Pod",
            metadata: { name: "p", namespace: "n" },
            spec: { containers: [{ name: "a" }, { name: "b", image }] },
        });
        expect(ask(stateOf(pod("1")), pod("2")).replaces).toEqual(["spec.containers[1].image"]);
    });

    it("never a Service's ports, nor anything but identity of a Patch resource", () => {
        const service = (spec: Props): Props => ({
            apiVersion: "v1",
            kind: "Service",
            metadata: { name: "s", namespace: "n" },
            spec,
        });
        const state = stateOf(service({ clusterIP: "1.1.1.1", ports: [{ port: 80 }] }));
        expect(ask(state, service({ clusterIP: "1.1.1.1", ports: [{ port: 81 }] })).replaces).toEqual([]);
        const moved = service({ clusterIP: "None", ports: [{ port: 80 }] });
        expect(ask(state, moved).replaces).toEqual(["spec.clusterIP"]);
        const urn = "urn:pulumi:s::p::kubernetes:core/v1:ServicePatch::x";
        expect(ask(state, moved, { urn }).replaces).toEqual([]);
    });

    it("an autonamed object is replaced before it is deleted", () => {
        const autonamed = (data: Props): Props =>
            config(data, { metadata: { name: "c-1", namespace: "n", annotations: { "pulumi.com/autonamed": "true" } } });
        const answer = ask(stateOf(autonamed({ a: "1" })), autonamed({ a: "2" }));
        expect([answer.replaces, answer.deleteBeforeReplace]).toEqual([["data.a"], false]);
    });
});

describe("property paths", () => {
    it("are written as the engine writes them, and read back", () => {
        const path = ["metadata", "annotations", "a.b/c", "x", 0];
        expect(propertyPath(path)).toBe('metadata.annotations["a.b/c"].x[0]');
        expect(parsePropertyPath(propertyPath(path))).toEqual(path);
    });

    it("contain what lies below them", () => {
        expect(contains(["spec", "*"], ["spec", "a", "b"])).toBe(true);
        expect(contains(["spec", "a"], ["spec"])).toBe(false);
    });
});
