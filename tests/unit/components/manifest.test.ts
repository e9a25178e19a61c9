import * as k8s from "@pulumi/kubernetes";
import { describe, expect, it } from "vitest";
import { parseManifest, registerManifest } from "../../../components/manifest";
import { Recording } from "../../support/mocks";

const configMap = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\n`;

describe("parseManifest", () => {
    it("reads every document in its order, also behind comments, empty documents and document ends", () => {
        const text = `# only a comment\n---\n${configMap("b")}...\n---\n\n---\n---\n# Source: x\n${configMap("a")}`;
        expect(parseManifest(text).map(({ metadata }) => metadata.name)).toEqual(["b", "a"]);
    });

    it.each(["", "\n", "# nothing\n", "---\n---\n", "null\n"])("finds nothing in %j", (text) => {
        expect(parseManifest(text)).toEqual([]);
    });

    it("drops fields that hold nothing, deep inside too, and keeps what is empty, zero or false", () => {
        const spec = `spec:\n  a:\n  b: [{ c: null, d: 0 }, { e: "" }]\n  f: false\n  g: {}\n  h: []\n`;
        const text = `${configMap("x")}${spec}status:\n`;
        expect(parseManifest(text)).toEqual([
            {
                apiVersion: "v1",
                kind: "ConfigMap",
                metadata: { name: "x" },
                spec: { b: [{ d: 0 }, { e: "" }], f: false, g: {}, h: [] },
            },
        ]);
    });

    it("keeps texts that look like something else", () => {
        const text = `${configMap("x")}data: { port: "9090", on: "true", multi: "a\\nb" }\n`;
        expect(parseManifest(text)[0]!.data).toEqual({ port: "9090", on: "true", multi: "a\nb" });
    });

    it.each([
        ["kind: ConfigMap\nmetadata: { name: x }\n", '{"kind":"ConfigMap","metadata":{"name":"x"}}'],
        ["apiVersion: v1\nmetadata: { name: x }\n", '{"apiVersion":"v1","metadata":{"name":"x"}}'],
        ["apiVersion: v1\nkind: ConfigMap\n", '{"apiVersion":"v1","kind":"ConfigMap"}'],
        [
            "apiVersion: v1\nkind: ConfigMap\nmetadata: { namespace: x }\n",
            '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"namespace":"x"}}',
        ],
        ["just a text\n", '"just a text"'],
    ])("refuses %j, which is no object", (text, shown) => {
        expect(() => parseManifest(configMap("first") + "---\n" + text)).toThrow(
            `A document of the manifest has no apiVersion, kind or metadata.name: ${shown}; adapt this program to it, or`,
        );
    });

    it("refuses what is no YAML", () => {
        expect(() => parseManifest("a: [1\n")).toThrow(
            "Flow sequence in block collection must be sufficiently indented and end with a ]",
        );
    });
});

describe("registerManifest", () => {
    it.each([
        ["v1", "ConfigMap", "core/v1:ConfigMap"],
        ["v1", "PersistentVolumeClaim", "core/v1:PersistentVolumeClaim"],
        ["v1", "Secret", "core/v1:Secret"],
        ["v1", "Service", "core/v1:Service"],
        ["v1", "ServiceAccount", "core/v1:ServiceAccount"],
        ["apps/v1", "Deployment", "apps/v1:Deployment"],
        ["apps/v1", "StatefulSet", "apps/v1:StatefulSet"],
        ["rbac.authorization.k8s.io/v1", "ClusterRole", "rbac.authorization.k8s.io/v1:ClusterRole"],
        ["rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "rbac.authorization.k8s.io/v1:ClusterRoleBinding"],
        ["rbac.authorization.k8s.io/v1", "Role", "rbac.authorization.k8s.io/v1:Role"],
        ["rbac.authorization.k8s.io/v1", "RoleBinding", "rbac.authorization.k8s.io/v1:RoleBinding"],
    ])("registers a %s/%s as its typed resource", async (apiVersion, kind, type) => {
        const recording = await Recording.start();
        const provider = new k8s.Provider("test", {});
        const fields = {
            Deployment: { spec: { replicas: 1 } },
            StatefulSet: { spec: { replicas: 1 } },
            RoleBinding: { roleRef: { name: "r" } },
            ClusterRoleBinding: { roleRef: { name: "r" } },
        };
        const manifest = {
            apiVersion,
            kind,
            metadata: { name: "x", namespace: "y" },
            ...fields[kind as keyof typeof fields],
        };
        registerManifest("x", manifest, { provider });
        await recording.settled();
        expect(recording.objects).toEqual([`kubernetes:${type}::x`]);
        expect(recording.one(`kubernetes:${type}`, "x")).toMatchObject({ provider: "test", inputs: manifest });
    });

    it.each([
        ["batch/v1", "Job"],
        ["apps/v1beta1", "Deployment"],
    ])("refuses a %s/%s, which it does not know", (apiVersion, kind) => {
        expect(() => registerManifest("x", { apiVersion, kind, metadata: { name: "x" } }, {})).toThrow(
            `The manifest of x is a ${apiVersion}/${kind}, which this program cannot register; ` +
                "known: v1/ConfigMap, v1/PersistentVolumeClaim, ",
        );
    });
});
