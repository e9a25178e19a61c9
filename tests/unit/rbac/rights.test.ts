import { describe, expect, it } from "vitest";
import { type Grant, rulesByNamespace } from "../../../rbac/grants";
import { identityObjects } from "../../../rbac/manifest";
import { grantsOf, type Identity } from "../../../rbac/rights";
import { registeredStack } from "../../../rbac/stack";
import type { Fields } from "../../../report/model";
import { changesIn, named, same, type Step } from "../../support/engine-events";

const object = (
    apiVersion: string,
    kind: string,
    name: string,
    rest: Fields = {},
    namespace: string | undefined = "shop",
) => named(name, { apiVersion, kind, ...rest }, namespace);
const made = (type: string, after: Fields): Step => ({ type, after });
const deployment = made("apps/v1:Deployment", object("apps/v1", "Deployment", "web"));
const release: Step = {
    type: "helm.sh/v3:Release",
    name: "base",
    after: { namespace: "istio-system", version: "1.25.1", values: { base: { excludedCRDs: ["b.istio.io"] } } },
};
const CRDS = [
    { name: "a.istio.io", isKept: true },
    { name: "b.istio.io", isKept: true },
    { name: "c.istio.io", isKept: false },
];

/** What an identity may do to an object, or without a name to all of a kind, in the order of the rules. */
function verbs(identity: Identity, steps: readonly Step[], kind: string, name?: string, namespace = "shop"): string[] {
    const rules = rulesByNamespace(grantsOf(identity, registeredStack(changesIn(steps)), CRDS)).get(namespace) ?? [];
    return rules
        .filter(
            ({ resources, resourceNames }) =>
                resources.includes(kind) && resourceNames?.includes(name!) === (name && true),
        )
        .flatMap((rule) => rule.verbs);
}

describe("the rights on what a stack registers", () => {
    it("are by name where something is written, and in its namespace alone", () => {
        expect(verbs("up", [deployment], "deployments", "web")).toEqual(["create", "patch", "delete"]);
        expect(verbs("up", [deployment], "deployments")).toEqual(["get", "list", "watch"]);
        expect(verbs("up", [deployment], "deployments", "web", "")).toEqual([]);
        expect(verbs("up", [deployment], "pods")).toEqual(["list", "watch", "create"]);
    });

    it("are none where an object is read alone, which is somebody else's", () => {
        const service = object("v1", "Service", "gate-istio");
        const read: Step = { op: "read", type: "core/v1:Service", after: service };
        for (const name of ["gate-istio", undefined])
            expect(verbs("up", [deployment, read], "services", name)).toEqual([]);
        expect(verbs("up", [deployment, { ...read, op: "create" }], "services", "gate-istio")).toContain("delete");
    });

    it("are fewer for whoever previews", () => {
        expect(verbs("preview", [deployment], "deployments", "web")).toEqual(["create", "patch"]);
        expect(verbs("preview", [deployment], "deployments")).toEqual(["get", "list"]);
        expect(verbs("preview", [deployment], "pods")).toEqual(["create"]);
        expect(verbs("preview", [release], "secrets", undefined, "istio-system")).toEqual([]);
    });

    it("hold for what the chart of each control plane may bring", () => {
        const labels = { app: "istiod", "istio.io/rev": "1-26-0", "app.kubernetes.io/version": "1.26.0" };
        const istiod = made("apps/v1:Deployment", {
            apiVersion: "apps/v1",
            kind: "Deployment",
            metadata: { name: "istiod-1-26-0", namespace: "istio-system", labels },
        });
        const kind = "horizontalpodautoscalers";
        expect(verbs("up", [release, istiod], kind, "istiod-1-26-0", "istio-system")).toContain("create");
        expect(verbs("up", [release], kind, "istiod-1-26-0", "istio-system")).toEqual([]);
    });

    it("hold for what it was called before, too", () => {
        const renamed = {
            type: "core/v1:Service",
            before: object("v1", "Service", "old"),
            after: object("v1", "Service", "new"),
        };
        expect(verbs("up", [renamed], "services", "old")).toContain("delete");
        expect(verbs("up", [renamed], "services", "new")).toContain("create");
    });

    it("are but a part of what is somebody else's", () => {
        const namespace = made("core/v1:NamespacePatch", object("v1", "Namespace", "shop", {}, ""));
        expect(verbs("up", [namespace], "namespaces", "shop", "")).toEqual(["get", "patch"]);
        expect(verbs("up", [namespace], "namespaces", undefined, "")).toEqual([]);
    });

    it("never delete a CRD that stays, and post those of the release", () => {
        const crd = made(
            "apiextensions.k8s.io/v1:CustomResourceDefinition",
            object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "gateways.example", {}, ""),
        );
        const all = [crd, release];
        const on = (name?: string) => verbs("up", all, "customresourcedefinitions", name, "");
        expect(on("gateways.example")).toEqual(["patch"]);
        expect(on("a.istio.io")).toEqual(["patch"]);
        expect(on("b.istio.io")).toEqual([]);
        expect(on("c.istio.io")).toEqual(["patch", "delete"]);
        expect(on()).toEqual(["get", "list", "create"]);
    });

    it("let the roles of the stack be made, and no others", () => {
        const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "kiali" };
        const api = "rbac.authorization.k8s.io/v1";
        const roles = [
            made(`${api}:ClusterRole`, object(api, "ClusterRole", "kiali", {}, "")),
            made(`${api}:ClusterRoleBinding`, object(api, "ClusterRoleBinding", "binding", { roleRef }, "")),
        ];
        const on = (kind: string, name?: string) => verbs("up", roles, kind, name, "");
        expect(on("clusterroles", "kiali")).toEqual(["create", "patch", "delete", "bind", "escalate"]);
        expect(on("clusterrolebindings", "binding")).toEqual(["create", "patch", "delete"]);
        expect(on("clusterroles")).toEqual(["get", "list", "watch"]);
    });

    it("try a node port only where one is asked for", () => {
        const service = (port: object) =>
            made("core/v1:Service", object("v1", "Service", "web", { spec: { ports: [port] } }));
        expect(verbs("preview", [service({ port: 80, nodePort: 30080 })], "services")).toEqual([
            "get",
            "list",
            "create",
        ]);
        expect(verbs("preview", [service({ port: 80 })], "services")).toEqual(["get", "list"]);
    });

    it("read what the inspection reads where there is one, and for an update alone", () => {
        const inspection = { type: ":istio-on-pulumi:index:MeshInspection", name: "i", after: {}, isComponent: true };
        expect(verbs("up", [deployment], "pods", undefined, "")).toEqual([]);
        expect(verbs("up", [deployment, inspection], "pods", undefined, "")).toEqual(["list"]);
        expect(verbs("preview", [deployment, inspection], "pods", undefined, "")).toEqual([]);
    });
});

describe("a stack of which no rights can be told", () => {
    it("makes its namespaces itself", () => {
        const namespace = object("v1", "Namespace", "shop", {}, "");
        expect(() => registeredStack(changesIn([made("core/v1:Namespace", namespace)]))).toThrow(
            'Stack "dev" would make the namespace shop itself, and rights inside of a namespace cannot be given before it ' +
                "is there; make it as an administrator with: kubectl create namespace <name>, and let the stack use it " +
                "with: pulumi config set --path 'namespaces.existing[0]' <name>",
        );
        expect(() => registeredStack(changesIn([same("core/v1:Namespace", namespace)]))).not.toThrow();
    });

    it("is refused by its preview", () => {
        expect(() => registeredStack(changesIn([], "preview", { failure: "error: no cluster" }))).toThrow("no cluster");
    });
});

describe("rules", () => {
    it("are one for names, and for kinds, with the same verbs, and repeat nothing", () => {
        const grant = (resource: string, verb: string, ...names: string[]): Grant => ({
            group: "",
            resource,
            verbs: [verb],
            ...(names.length > 0 && { names }),
        });
        const grants = [
            grant("services", "get"),
            grant("services", "get", "a"),
            grant("services", "patch", "b"),
            grant("services", "patch", "a", "b"),
            grant("configmaps", "get"),
        ];
        expect(rulesByNamespace(grants).get("")).toEqual([
            { apiGroups: [""], resources: ["configmaps", "services"], verbs: ["get"] },
            { apiGroups: [""], resources: ["services"], resourceNames: ["a", "b"], verbs: ["patch"] },
        ]);
    });
});

describe("the objects of an identity", () => {
    const kinds = (identity: Identity) =>
        identityObjects(identity, "ci", [
            { group: "", resource: "nodes", verbs: ["list"] },
            { namespace: "shop", group: "", resource: "pods", verbs: ["list"] },
        ]).map(({ kind, metadata: { name, namespace = "" } }) => `${kind} ${namespace}/${name}`);

    it("are an account with its roles, and for a preview the policy before the rights", () => {
        const rights = (name: string) => [
            `ClusterRole /${name}`,
            `ClusterRoleBinding /${name}`,
            `Role shop/${name}`,
            `RoleBinding shop/${name}`,
        ];
        expect(kinds("up")).toEqual(["ServiceAccount ci/up", ...rights("ci-up")]);
        expect(kinds("preview")).toEqual([
            "ServiceAccount ci/preview",
            "ValidatingAdmissionPolicy /ci-preview",
            "ValidatingAdmissionPolicyBinding /ci-preview",
            ...rights("ci-preview"),
        ]);
    });
});
