import { describe, expect, it } from "vitest";
import { type BeforeOptions, checkBefore, type Prerequisites } from "../../src/doctor";
import { pod, service } from "../../testing/cluster";
import { istiod, mesh } from "../../testing/mesh";

const crd = (name: string, over: Partial<NonNullable<Prerequisites["crds"]>[number]> = {}) => ({
    name,
    served: ["v1"],
    labels: {},
    annotations: {},
    managers: ["pulumi-kubernetes"],
    ...over,
});
const gatewayApi = ["gatewayclasses", "gateways", "httproutes"].map((plural) =>
    crd(`${plural}.gateway.networking.k8s.io`, {
        annotations: { "gateway.networking.k8s.io/bundle-version": "v1.2.1" },
    }),
);
const good: Prerequisites = {
    version: "v1.31.0",
    denied: [],
    crds: gatewayApi,
    storageClasses: [{ name: "standard", isDefault: true }],
};
const checks = (
    over: Partial<Prerequisites> = {},
    change: Partial<ReturnType<typeof mesh>> = {},
    options: BeforeOptions = {},
) => checkBefore({ ...good, ...over }, { ...mesh(), ...change }, options);
const of = (title: string, ...args: Parameters<typeof checks>) =>
    checks(...args).find((check) => check.title === title)!;

describe("before an install", () => {
    it("all is well on a cluster that this project installed to", () => {
        expect(checks().map(({ title, state, seen }) => [title, state, seen])).toEqual([
            ["API server", "ok", "v1.31.0"],
            ["Permissions", "ok", "this user may make all that an install makes"],
            ["Istio", "ok", "istiod istio-system/istiod of pulumi; no CRDs"],
            ["Gateway API", "ok", "3 CRDs of v1.2.1, of pulumi"],
            ["Storage class", "ok", "default standard"],
            [
                "Image registries",
                "ok",
                "images come from docker.io, quay.io and ghcr.io; not tried, no containers run on these nodes",
            ],
            ["Node ports", "ok", "none of 30000-32767 taken"],
        ]);
    });

    it("all is well on an empty one", () => {
        const empty = checks({ crds: [] }, { deployments: [] });
        expect(empty.map(({ state }) => state)).toEqual(["ok", "ok", "ok", "ok", "ok", "ok", "ok"]);
        expect(empty[2]!.seen).toBe("none installed; no CRDs");
    });

    it.each([
        ["v1.28.9", "problem"],
        ["v1.29.0", "ok"],
        ["v1.32.4", "ok"],
        ["v1.33.0", "note"],
        ["v1.31.2-eks-1", "ok"],
    ])("an API server of %s is %s", (version, state) => {
        expect(of("API server", { version }).state).toBe(state);
    });

    it.each([
        ["1.26.0-distroless", "1.26"],
        ["1.24.3", "1.25"],
    ])("an API server is compared with what the Istio %s that is there is made for", (tag, minor) => {
        const deployments = [istiod({ image: `docker.io/istio/pilot:${tag}` })];
        const [finding] = of("API server", { version: "v1.99.0" }, { deployments }).findings;
        expect(finding!.message).toBe(
            `The API server is v1.99.0, newer than the Kubernetes 1.32 that Istio ${minor} was tested with.`,
        );
    });

    const denied = ["create namespaces", "patch clusterroles.rbac.authorization.k8s.io"];

    it("permissions that are lacking are named", () => {
        expect(of("Permissions", { denied }, { deployments: [] }).findings[0]!.message).toBe(
            "This user may not create namespaces and patch clusterroles.rbac.authorization.k8s.io, which an " +
                "install does; use a kubeconfig whose user may, such as cluster-admin.",
        );
    });

    it("permissions to install are not asked of whoever looks at an Istio that is there", () => {
        expect(of("Permissions", { denied })).toMatchObject({ state: "skipped", findings: [] });
    });

    it.each(["pulumi-kubernetes", "pulumi-kubernetes-1f2e3d", "istio-on-pulumi"])(
        "an Istio that %s manages is the project's own",
        (manager) => {
            expect(of("Istio", {}, { deployments: [istiod({ manager })] }).state).toBe("ok");
        },
    );

    it("an Istio of somebody else is named with its owner", () => {
        expect(of("Istio", {}, { deployments: [istiod({ manager: "istio-operator" })] })).toMatchObject({
            state: "note",
            seen: "istiod istio-system/istiod of istioctl install; no CRDs",
        });
        const helm = istiod({ manager: "helm" });
        helm.metadata!.annotations = {
            "meta.helm.sh/release-name": "mesh",
            "meta.helm.sh/release-namespace": "istio-system",
        };
        expect(of("Istio", {}, { deployments: [helm] }).findings[0]!.message).toContain(
            "There is an Istio already: istio-system/istiod of Helm release istio-system/mesh;",
        );
    });

    it("two control planes of one revision are a problem, of two revisions none", () => {
        expect(
            of("Istio", {}, { deployments: [istiod(), istiod({ namespace: "other" })] }).findings[0]!.message,
        ).toContain('Two control planes serve the revision "default"');
        expect(
            of("Istio", {}, { deployments: [istiod(), istiod({ namespace: "other", revision: "canary" })] }).state,
        ).toBe("ok");
    });

    it("two control planes of other teams are worth a note", () => {
        const two = { deployments: ["a", "b"].map((of) => istiod({ namespace: of, revision: "canary" })) };
        const own = (...names: string[]) => ({ own: new Set(names) });
        const severity = (...names: string[]) =>
            of("Istio", {}, two, own(...names)).findings.find(({ code }) => code === "before/two-control-planes")!
                .severity;
        expect([severity("istio-system", "shop"), severity("a"), severity("shop", "b")]).toEqual([
            "note",
            "problem",
            "problem",
        ]);
    });

    it("a Gateway API that is too old, or mixed, is a problem", () => {
        const old = gatewayApi.map((each) => ({ ...each, served: ["v1beta1"], managers: ["kubectl"] }));
        expect(of("Gateway API", { crds: old }).findings[0]!.message).toContain(
            "(of kubectl), but gatewayclasses.gateway.networking.k8s.io, gateways.gateway.networking.k8s.io and " +
                "httproutes.gateway.networking.k8s.io are not served at v1",
        );
        const mixed = [
            ...gatewayApi,
            crd("grpcroutes.gateway.networking.k8s.io", {
                annotations: { "gateway.networking.k8s.io/bundle-version": "v1.1.0" },
            }),
        ];
        expect(of("Gateway API", { crds: mixed }).findings.map(({ code }) => code)).toEqual([
            "before/gateway-api-mixed",
        ]);
    });

    it("no default storage class is a problem until Loki runs", () => {
        const none = { storageClasses: [{ name: "slow", isDefault: false }] };
        expect(of("Storage class", none).findings[0]!.message).toContain(
            "The cluster has no default storage class (it has: slow), so Loki's volume claim stays pending",
        );
        const loki = pod({ namespace: "istio-system", name: "loki-0", labels: { "app.kubernetes.io/name": "loki" } });
        expect(of("Storage class", none, { pods: [loki] }).state).toBe("ok");
        expect(
            of("Storage class", { storageClasses: ["a", "b"].map((name) => ({ name, isDefault: true })) }).state,
        ).toBe("note");
    });

    it("no default storage class is right for an install that has left Loki out", () => {
        const none = { storageClasses: [] };
        const own = { own: new Set(["istio-system", "shop"]) };
        expect(of("Storage class", none, {}, own)).toMatchObject({
            state: "ok",
            seen: "no default, and no Loki to need one",
        });
        const loki = { namespace: "istio-system", name: "loki-0", labels: { "app.kubernetes.io/name": "loki" } };
        const pending = { ...pod(loki), status: { phase: "Pending" } };
        const others = { ...pending, metadata: { ...pending.metadata, namespace: "logging" } };
        expect(of("Storage class", none, { pods: [others] }, own).state).toBe("ok");
        const running = pod({ ...loki, namespace: "logging" });
        expect(of("Storage class", none, { pods: [pending, running] }, own).state).toBe("problem");
        expect(of("Storage class", none, { pods: [pending] }, own).state).toBe("problem");
        expect(of("Storage class", none, {}, { own: new Set(["shop"]) }).state).toBe("problem");
    });

    it("an image that cannot be pulled is named with its registry and pods", () => {
        const stuck = pod({ name: "kiali-1" });
        stuck.spec!.containers[0]!.image = "quay.io/kiali/kiali:v2.5";
        stuck.status!.containerStatuses = [
            {
                name: "app",
                ready: false,
                image: "",
                imageID: "",
                restartCount: 0,
                state: { waiting: { reason: "ImagePullBackOff" } },
            },
        ];
        expect(of("Image registries", {}, { pods: [stuck] }).findings[0]!.message).toBe(
            "The image quay.io/kiali/kiali:v2.5 cannot be pulled (pods shop/kiali-1); make quay.io reachable for " +
                "the nodes, or set a mirror.",
        );
        const namespaces = (...own: string[]) => ({ own: new Set(own) });
        expect(of("Image registries", {}, { pods: [stuck] }, namespaces("shop")).state).toBe("problem");
        expect(of("Image registries", {}, { pods: [stuck] }, namespaces("istio-sample")).state).toBe("ok");
    });

    it("a registry that this machine does not reach is worth a note", () => {
        const check = of(
            "Image registries",
            {},
            {},
            { reached: { "docker.io": true, "quay.io": false, "ghcr.io": true } },
        );
        expect([check.state, check.seen]).toEqual(["note", "docker.io and ghcr.io reached from this machine"]);
    });

    it("a wanted node port that another Service has is a problem, unless it is the install's own", () => {
        const taken = {
            services: [service({ namespace: "web", name: "shop", ports: [{ port: 80, nodePort: 30_080 }] })],
        };
        expect(
            of("Node ports", {}, taken, { nodePorts: [30_080, 30_081] }).findings.map(({ message }) => message),
        ).toEqual(["The node port 30080 is taken by web/shop; choose another one, or change that Service."]);
        expect(of("Node ports", {}, taken, { nodePorts: [30_080], own: new Set(["web"]) }).state).toBe("ok");
        expect(of("Node ports", {}, taken).seen).toBe("taken: 30080 web/shop");
    });

    it("what this user may not see is skipped", () => {
        expect([
            of("Gateway API", { crds: undefined }).state,
            of("Storage class", { storageClasses: undefined }).state,
        ]).toEqual(["skipped", "skipped"]);
    });
});
