import { describe, expect, it } from "vitest";
import type { ObjectMetadata } from "@istio-on-pulumi/kube";
import type { PlannedObject } from "../../../cluster";
import { type Claims, sortHoldings } from "../../../cluster/ownership";

const WHERE = 'The cluster of context "prod" (https://prod)';
const STACK = "stack0a1b2c3d";
const base = { name: "istio-base", namespace: "istio-system" };

const object = (kind: string, name: string, more: Partial<PlannedObject> = {}): PlannedObject => ({
    apiVersion: "v1",
    kind,
    name,
    part: "istio",
    ...more,
});
const ISTIO = object("Namespace", "istio-system");
const SAMPLE = object("Namespace", "istio-sample", { part: "bookinfo" });
const CRD = object("CustomResourceDefinition", "sidecars.networking.istio.io");
const READER = object("ServiceAccount", "istio-reader-service-account", { namespace: "istio-system" });
const ROLE = object("ClusterRole", "prometheus", { part: "prometheus" });

const ours = { labels: { "istio-on-pulumi/stack": STACK } };
const kubectl = { managedFields: [{ manager: "kubectl-create" }] };
const ofRelease = (name: string, namespace: string) => ({
    annotations: { "meta.helm.sh/release-name": name, "meta.helm.sh/release-namespace": namespace },
});

function sort(found: readonly (readonly [PlannedObject, Partial<ObjectMetadata>])[], claims: Partial<Claims> = {}) {
    const held = new Map(found.map(([planned, metadata]) => [planned, { name: planned.name, uid: "1", ...metadata }]));
    return sortHoldings(WHERE, held, {
        stack: STACK,
        existingNamespaces: [],
        baseRelease: base,
        isInstalled: () => false,
        ...claims,
    });
}

describe("what is the stack's", () => {
    it("is what says so, and what helm made for it in its namespace", () => {
        const found = [
            [ISTIO, ours],
            [ROLE, ours],
            [READER, ofRelease("istio-base", "istio-system")],
        ] as const;
        expect(sort(found)).toEqual({ managedCrds: [], usedNamespaces: [] });
    });

    it("is nothing before the first update", () => {
        expect(() => sort([[ROLE, ours]], { stack: undefined })).toThrow(/by another stack of this program/);
    });

    it("is not helm's release of the same name in a namespace that is not the stack's", () => {
        const found = [
            [ISTIO, kubectl],
            [READER, ofRelease("istio-base", "istio-system")],
        ] as const;
        expect(() => sort(found, { existingNamespaces: ["istio-system"] })).toThrow(
            /ServiceAccount istio-system\/istio-reader-service-account, by Helm release "istio-base"/,
        );
    });

    it("is helm's release in a namespace that the stack uses", () => {
        const used = { labels: { "istio-on-pulumi/used-by": STACK } };
        const found = [
            [ISTIO, used],
            [READER, ofRelease("istio-base", "istio-system")],
        ] as const;
        expect(sort(found, { existingNamespaces: ["istio-system"] }).usedNamespaces).toEqual(["istio-system"]);
    });

    it("stays the stack's namespace where the user says that it existed before", () => {
        expect(sort([[ISTIO, ours]], { existingNamespaces: ["istio-system"] }).usedNamespaces).toEqual([]);
    });
});

describe("CRDs", () => {
    it.each([
        ["of nobody", kubectl, []],
        ["of a stack that is gone", { labels: { "istio-on-pulumi/stack": "stackffffffff" } }, []],
        ["of the stack's own release", ofRelease("istio-base", "istio-system"), []],
        ["of a release that is gone", ofRelease("crds", "platform"), []],
        ["that Argo CD manages", { labels: { "argocd.argoproj.io/instance": "mesh" } }, [CRD.name]],
    ])("%s are taken over, or left to who manages them", (_, metadata, managedCrds) => {
        expect(sort([[CRD, metadata]]).managedCrds).toEqual(managedCrds);
    });

    it("of a release that is installed are left to it", () => {
        const isInstalled: Claims["isInstalled"] = ({ name, namespace }) => name === "crds" && namespace === "platform";
        expect(sort([[CRD, ofRelease("crds", "platform")]], { isInstalled }).managedCrds).toEqual([CRD.name]);
    });
});

describe("what is somebody else's", () => {
    it("is refused in one list, by owner and part, each with its way out", () => {
        const kiali = object("ClusterRole", "kiali", { part: "kiali" });
        const binding = object("ClusterRoleBinding", "kiali", { part: "kiali" });
        const details = object("Service", "details", { namespace: "istio-sample", part: "bookinfo" });
        const found = [
            [SAMPLE, kubectl],
            [kiali, kubectl],
            [binding, kubectl],
            [ROLE, ofRelease("mon", "monitoring")],
            [
                object("Deployment", "istiod", { namespace: "istio-system" }),
                { labels: { "operator.istio.io/managed": "x" } },
            ],
            [details, { labels: { "argocd.argoproj.io/instance": "shop" } }],
            [CRD, kubectl],
        ] as const;
        expect(() => sort(found)).toThrow(
            `${WHERE} holds 6 objects that this stack would create and that somebody else made; nothing was changed.\n` +
                "  Namespace istio-sample, by kubectl: use it as it is with: pulumi config set --path " +
                "'namespaces.existing[0]' istio-sample; or choose another with: pulumi config set --path bookinfo.namespace <name>\n" +
                "  ClusterRole kiali, ClusterRoleBinding kiali, by kubectl: remove with: kubectl delete ClusterRole <name>; " +
                "or leave ours out with: pulumi config set --path addons.kiali.enabled false\n" +
                '  ClusterRole prometheus, by Helm release "mon" of namespace "monitoring": remove with: ' +
                "helm uninstall mon -n monitoring; or leave ours out with: pulumi config set --path addons.prometheus.enabled false\n" +
                "  Deployment istio-system/istiod, by istioctl: remove with: istioctl uninstall --purge " +
                "(a cluster takes one Istio)\n" +
                '  Service istio-sample/details, by Argo CD application "shop": remove it there; ' +
                "or choose another namespace with: pulumi config set --path bookinfo.namespace <name>",
        );
    });

    it("may be taken over where it is a stack's of this program, whose state is lost", () => {
        const theirs = { labels: { "istio-on-pulumi/stack": "stackffffffff" } };
        expect(() =>
            sort([
                [ISTIO, theirs],
                [ROLE, theirs],
            ]),
        ).toThrow(
            /\n {2}If the state of stackffffffff is lost, .*: pulumi config set --path cluster.stackIdentity stackffffffff$/,
        );
    });

    it("is waited for while it is being deleted", () => {
        expect(() => sort([[SAMPLE, { ...ours, deletionTimestamp: "2026-01-01T00:00:00Z" }]])).toThrow(
            `${WHERE} is still deleting Namespace istio-sample; try again when that is done.`,
        );
    });
});
