import { cpus } from "node:os";
import { describe, expect, it } from "vitest";
import {
    containerEnvironment,
    expand,
    type Lookup,
    MissingReference,
    podField,
    quantity,
    resourceField,
} from "../../src/pods/environment";

const POD = {
    metadata: {
        name: "istiod-1",
        namespace: "istio-system",
        uid: "u1",
        labels: { app: "istiod", "istio.io/rev": "default" },
    },
    spec: { serviceAccountName: "istiod", containers: [] },
    status: { podIP: "10.244.128.1", podIPs: [{ ip: "10.244.128.1" }] },
};

const OBJECTS: Record<string, Record<string, string>> = {
    "ConfigMap/settings": { level: "debug", port: "8080" },
    "Secret/keys": { token: "s3cret" },
};
const lookup: Lookup = (kind, name) => Promise.resolve(OBJECTS[`${kind}/${name}`]);

describe("expand", () => {
    it("replaces known names, keeps unknown ones, and takes $$ as an escape", () => {
        expect(expand("$(A)/$(B) $$(A) $A $", { A: "1" })).toBe("1/$(B) $(A) $A $");
    });
});

describe("podField", () => {
    it.each([
        ["metadata.name", "istiod-1"],
        ["spec.serviceAccountName", "istiod"],
        ["status.podIP", "10.244.128.1"],
        ["status.podIPs", "10.244.128.1"],
        ["metadata.labels['istio.io/rev']", "default"],
        ["metadata.labels", 'app="istiod"\nistio.io/rev="default"'],
        ["metadata.annotations['none']", ""],
        ["spec.nodeName", ""],
    ])("%s is %j", (fieldPath, value) => {
        expect(podField(POD, { fieldPath })).toBe(value);
    });
});

describe("quantity", () => {
    it.each([
        ["500m", 0.5],
        ["2", 2],
        ["1e3", 1000],
        ["128Mi", 134_217_728],
        ["1k", 1000],
        ["0.5Gi", 536_870_912],
    ])("%s is %d", (text, value) => {
        expect(quantity(text)).toBe(value);
    });

    it("refuses what is none", () => {
        expect(() => quantity("12 apples")).toThrow('"12 apples" is no quantity');
    });
});

describe("resourceField", () => {
    const container = { name: "c", resources: { limits: { cpu: "100m", memory: "64Mi" }, requests: { cpu: "10m" } } };

    it("rounds up in units of the divisor", () => {
        expect(resourceField(container, { resource: "limits.cpu" })).toBe("1");
        expect(resourceField(container, { resource: "limits.cpu", divisor: "1m" })).toBe("100");
        expect(resourceField(container, { resource: "limits.memory", divisor: "1Mi" })).toBe("64");
        expect(resourceField(container, { resource: "requests.cpu", divisor: "1m" })).toBe("10");
    });

    it("takes the machine's where there is no limit, or a larger one, so that GOMAXPROCS is not a thousand", () => {
        const machine = String(cpus().length);
        expect(resourceField({ name: "c" }, { resource: "limits.cpu" })).toBe(machine);
        expect(resourceField({ name: "c", resources: { limits: { cpu: "1k" } } }, { resource: "limits.cpu" })).toBe(
            machine,
        );
        expect(resourceField({ name: "c" }, { resource: "requests.cpu" })).toBe("0");
    });
});

describe("containerEnvironment", () => {
    it("adds references, fields and values to the base, in order", async () => {
        const container = {
            name: "discovery",
            envFrom: [{ prefix: "X_", configMapRef: { name: "settings" } }],
            env: [
                { name: "NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
                { name: "URL", value: "http://$(HOST):$(X_port)/$(NAME)" },
                { name: "TOKEN", valueFrom: { secretKeyRef: { name: "keys", key: "token" } } },
                { name: "OPTIONAL", valueFrom: { configMapKeyRef: { name: "absent", key: "k", optional: true } } },
                { name: "EMPTY" },
            ],
        };
        expect(await containerEnvironment(POD, container, lookup, { HOST: "h" })).toEqual({
            HOST: "h",
            X_level: "debug",
            X_port: "8080",
            NAME: "istiod-1",
            URL: "http://h:8080/istiod-1",
            TOKEN: "s3cret",
            EMPTY: "",
        });
    });

    it("says what is missing if it is required", async () => {
        const variable = (from: object) =>
            containerEnvironment(POD, { name: "c", env: [{ name: "V", valueFrom: from }] }, lookup, {});
        await expect(variable({ configMapKeyRef: { name: "absent", key: "k" } })).rejects.toThrow(
            new MissingReference('key "k" of ConfigMap "absent" not found'),
        );
        await expect(variable({ secretKeyRef: { name: "keys", key: "other" } })).rejects.toThrow(
            'key "other" of Secret "keys" not found',
        );
        await expect(
            containerEnvironment(POD, { name: "c", envFrom: [{ secretRef: { name: "absent" } }] }, lookup, {}),
        ).rejects.toThrow('Secret "absent" not found');
    });
});
