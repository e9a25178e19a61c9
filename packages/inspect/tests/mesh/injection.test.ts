import type { V1Namespace, V1Pod } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { inspectInjection } from "../../src/mesh/injection";
import { findScope } from "../../src/mesh/scope";
import type { ClusterSnapshot } from "../../src/snapshot/snapshot";
import { namespace, pod } from "../../testing/cluster";
import { injected, injector, istiod, mesh } from "../../testing/mesh";

const inspect = (over: Partial<ClusterSnapshot> = {}, wanted?: string[]) => {
    const snapshot = { ...mesh(), ...over };
    return inspectInjection(snapshot, findScope(snapshot, wanted));
};
const withPod = (extra: V1Pod, over: Partial<ClusterSnapshot> = {}) =>
    inspect({ ...over, pods: [...mesh().pods, extra] });
const shop = (labels: Record<string, string>): V1Namespace[] => [namespace("istio-system"), namespace("shop", labels)];
const codes = ({ findings }: ReturnType<typeof inspect>) => findings.map(({ severity, code }) => `${severity} ${code}`);
const about = (report: ReturnType<typeof inspect>, subject: string) =>
    report.findings.find((finding) => finding.subject === subject)?.message;

describe("injection in a healthy mesh", () => {
    const report = inspect();

    it("has nothing to say", () => {
        expect(report.findings).toEqual([]);
    });

    it("shows each pod's containers, init container, image and version", () => {
        expect(report.pods.map(({ pod: name, role }) => `${name} ${role}`)).toEqual([
            "istiod-1 control plane",
            "productpage-v1 sidecar",
            "reviews-v1 sidecar",
            "reviews-v2 sidecar",
            "reviews-v3 sidecar",
        ]);
        expect(report.pods[1]).toMatchObject({
            namespace: "shop",
            expected: true,
            ready: true,
            readyContainers: "1/2",
            revision: "default",
            containers: [{ name: "app" }, { name: "istio-proxy", image: "docker.io/istio/proxyv2:1.25.1" }],
            initContainers: [{ name: "istio-init", image: "docker.io/istio/proxyv2:1.25.1" }],
            proxyImage: "docker.io/istio/proxyv2:1.25.1",
            proxyVersion: "1.25.1",
            controlPlaneVersion: "1.25.1",
        });
    });

    it("shows the control plane, the injector and the namespaces", () => {
        expect(report.controlPlanes).toMatchObject([
            { namespace: "istio-system", name: "istiod", revision: "default", version: "1.25.1", ready: true },
        ]);
        expect(report.injectors).toMatchObject([
            { name: "istio-sidecar-injector", revision: "default", trusted: true },
        ]);
        expect(report.namespaces).toEqual([
            { name: "istio-system", label: undefined, expected: false, controlPlane: true },
            { name: "shop", label: "istio-injection=enabled", expected: true, controlPlane: false },
        ]);
    });
});

describe("the namespaces of a mesh", () => {
    const names = (over: Partial<ClusterSnapshot>, wanted?: string[], all?: boolean) => [
        ...findScope({ ...mesh(), ...over }, wanted, all).namespaces,
    ];

    it("are those of the control plane, and those with a label, a sidecar or a Gateway of Istio's", () => {
        expect(names({})).toEqual(["istio-system", "shop"]);
        const four = [...shop({}), namespace("labelled", { "istio.io/rev": "default" }), namespace("other")];
        expect(names({ namespaces: four, pods: [], gateways: [] })).toEqual(["istio-system", "labelled"]);
        expect(names({ namespaces: four, pods: [], routes: [] })).toEqual(["istio-system", "labelled", "shop"]);
        expect(names({ namespaces: four, gateways: [] })).toEqual(["istio-system", "labelled", "shop"]);
    });

    it("are not those that refuse sidecars, nor the system's own", () => {
        expect(
            names({
                namespaces: [
                    namespace("kube-system", { "istio-injection": "enabled" }),
                    ...shop({ "istio-injection": "disabled" }),
                ],
                pods: [],
                gateways: [],
            }),
        ).toEqual(["istio-system"]);
    });

    it("can be named, or be all", () => {
        expect(names({}, ["default"])).toEqual(["default"]);
        expect(names({}, [], true)).toEqual(["default", "istio-system", "shop"]);
        expect(() => names({}, ["nowhere"])).toThrow(
            'There is no namespace "nowhere" in this cluster; allowed: default, istio-system, shop.',
        );
    });
});

describe("a pod without a sidecar", () => {
    it("in a namespace that has lost its label: label missing", () => {
        const report = withPod(pod({ name: "late" }), { namespaces: shop({}) });
        expect(codes(report)).toEqual(["problem injection/no-label", "problem injection/no-sidecar"]);
        expect(about(report, "shop")).toBe(
            "The namespace shop belongs to the mesh but lacks the label istio-injection=enabled, so its new pods " +
                "get no sidecar; set it with: kubectl label namespace shop istio-injection=enabled",
        );
        expect(about(report, "shop/late")).toBe(
            "The pod shop/late has no sidecar because its namespace shop lacks the label " +
                "istio-injection=enabled; label the namespace, then delete it and make it again with: kubectl -n " +
                "shop delete pod late",
        );
        expect(report.pods.find(({ pod: name }) => name === "late")).toMatchObject({
            role: "plain",
            expected: true,
            why: "label missing",
        });
    });

    it("made before istiod", () => {
        const report = withPod(pod({ name: "early", created: "2026-01-02T08:59:59Z" }));
        expect(about(report, "shop/early")).toBe(
            "The pod shop/early has no sidecar because it was made at 2026-01-02T08:59:59Z, before istiod was " +
                "there (2026-01-02T09:00:00Z); delete it and make it again with: kubectl -n shop delete pod early",
        );
        expect(report.pods.find(({ pod: name }) => name === "early")!.why).toBe("created before istiod");
    });

    it("made before its namespace got its label", () => {
        const labelled = shop({ "istio-injection": "enabled" });
        labelled[1]!.metadata!.managedFields = [
            {
                manager: "kubectl-label",
                time: new Date("2026-01-02T11:00:00Z"),
                fieldsV1: { "f:metadata": { "f:labels": { "f:istio-injection": {} } } },
            },
        ];
        expect(about(withPod(pod({ name: "early" }), { namespaces: labelled }), "shop/early")).toContain(
            "before its namespace got its label istio-injection=enabled (2026-01-02T11:00:00Z)",
        );
    });

    it("by its own wish is worth a note, for the label, else the annotation", () => {
        for (const [labels, annotations, said] of [
            [{ "sidecar.istio.io/inject": "false" }, {}, "label"],
            [{}, { "sidecar.istio.io/inject": "no" }, "annotation"],
        ] as const) {
            const report = withPod(pod({ name: "alone", labels, annotations }));
            expect(codes(report)).toEqual(["note injection/opted-out"]);
            expect(about(report, "shop/alone")).toContain(
                `because it opts out by its ${said} sidecar.istio.io/inject=`,
            );
        }
        const both = pod({
            name: "alone",
            labels: { "sidecar.istio.io/inject": "true" },
            annotations: { "sidecar.istio.io/inject": "false" },
        });
        expect(codes(withPod(both))).toEqual(["problem injection/no-sidecar"]);
    });

    it("on the host's network is worth a note", () => {
        const host = pod({ name: "agent" });
        host.spec!.hostNetwork = true;
        expect(codes(withPod(host))).toEqual(["note injection/host-network"]);
    });

    it("in a namespace that refuses sidecars though others of it have one is worth a note", () => {
        expect(codes(withPod(pod({ name: "late" }), { namespaces: shop({ "istio-injection": "disabled" }) }))).toEqual([
            "note injection/opted-out",
        ]);
    });

    it("for a revision that nobody serves", () => {
        const report = withPod(pod({ name: "late" }), { namespaces: shop({ "istio.io/rev": "canary" }) });
        expect(about(report, "shop")).toContain(
            'asks for the revision "canary", which no injector serves (there are: default)',
        );
        expect(about(report, "shop/late")).toContain(
            "asks by istio.io/rev=canary for a revision that no injector serves",
        );
    });

    it("where no injector is", () => {
        const report = withPod(pod({ name: "late" }), { webhooks: [] });
        expect(codes(report)).toEqual(["problem injection/no-injector", "problem injection/no-sidecar"]);
        expect(about(report, "shop/late")).toContain("because no webhook of this cluster injects any");
    });

    it("though everything was there", () => {
        const owned = pod({ name: "reviews-v4-abc-1", labels: { "pod-template-hash": "abc" } });
        owned.metadata!.ownerReferences = [
            { kind: "ReplicaSet", name: "reviews-v4-abc", apiVersion: "apps/v1", uid: "", controller: true },
        ];
        expect(about(withPod(owned), "shop/reviews-v4-abc-1")).toBe(
            "The pod shop/reviews-v4-abc-1 has no sidecar although its namespace asks for one " +
                "(istio-injection=enabled): istiod did not answer when it was made, or somebody took the sidecar " +
                "out; recreate it with: kubectl -n shop rollout restart deployment reviews-v4",
        );
    });

    it("is none to speak of once it has ended, or in the control plane's namespace", () => {
        const ended = pod({ name: "job" });
        ended.status!.phase = "Succeeded";
        expect(codes(withPod(ended))).toEqual([]);
        expect(codes(withPod(pod({ namespace: "istio-system", name: "kiali" })))).toEqual([]);
    });
});

describe("a pod with a sidecar", () => {
    it("of another version than its control plane", () => {
        const report = withPod(injected({ name: "old" }, "1.24.3"));
        expect(about(report, "shop/old")).toBe(
            "The proxy of shop/old is 1.24.3, its control plane istio-system/istiod is 1.25.1; recreate the pod " +
                "with: kubectl -n shop rollout restart pod old",
        );
        expect(codes(withPod(injected({ name: "lean" }, "1.25.1-distroless")))).toEqual([]);
    });

    it("named by digest has no version to compare", () => {
        const pinned = injected({ name: "pinned" });
        pinned.spec!.containers[1]!.image = `docker.io/istio/proxyv2@sha256:${"0".repeat(64)}`;
        const report = withPod(pinned);
        expect([codes(report), report.pods.find(({ pod: name }) => name === "pinned")!.proxyVersion]).toEqual([
            [],
            undefined,
        ]);
    });

    it("that is not ready says why", () => {
        expect(about(withPod(injected({ name: "slow", ready: false })), "shop/slow")).toBe(
            "The pod shop/slow is not ready: container app is not ready; see: kubectl -n shop describe pod slow",
        );
    });

    it("as a native sidecar is one as well", () => {
        const native = injected({ name: "native" });
        const proxy = native.spec!.containers.pop()!;
        native.spec!.initContainers!.push({ ...proxy, restartPolicy: "Always" });
        expect(withPod(native).pods.find(({ pod: name }) => name === "native")).toMatchObject({
            role: "sidecar",
            proxyVersion: "1.25.1",
        });
    });

    it("by `proxy router` is a gateway", () => {
        const router = injected({ name: "front" });
        router.spec!.containers[1]!.args![1] = "router";
        expect(withPod(router).pods.find(({ pod: name }) => name === "front")!.role).toBe("gateway");
    });
});

describe("the control plane", () => {
    it("that is not ready", () => {
        expect(about(inspect({ deployments: [istiod({ ready: false })] }), "istio-system/istiod")).toContain(
            "has no ready pod, so pods of injected namespaces cannot be created",
        );
    });

    it("of another team is worth a note where it serves none of the namespaces that are looked at", () => {
        const canary = istiod({ namespace: "team", revision: "canary", ready: false });
        const namespaces = [...shop({ "istio-injection": "enabled" }), namespace("team")];
        const over = {
            namespaces,
            deployments: [istiod(), canary],
            webhooks: [injector(), injector({ revision: "canary" })],
        };
        expect(codes(inspect(over, ["istio-system", "shop"]))).toEqual(["note injection/control-plane"]);
        expect(codes(inspect(over))).toEqual(["problem injection/control-plane"]);
    });
});
