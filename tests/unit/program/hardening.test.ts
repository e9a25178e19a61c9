import { describe, expect, it } from "vitest";
import { runProgram, tryProgram } from "../../support/program";

describe("namespaces.podSecurity", () => {
    const labelsOf = async (settings: Record<string, unknown>, options: Parameters<typeof runProgram>[1] = {}) => {
        const { recording } = await runProgram(settings, options);
        const made = recording.ofType("kubernetes:core/v1:Namespace");
        const used = recording.ofType("kubernetes:core/v1:NamespacePatch");
        return Object.fromEntries(
            [...made, ...used].map(({ inputs: { metadata } }) => [
                metadata.name,
                Object.entries(metadata.labels ?? {}).flatMap(([key, level]) =>
                    key.startsWith("pod-security.kubernetes.io/") ? [`${key.split("/")[1]} ${level}`] : [],
                ),
            ]),
        );
    };
    const on = { "namespaces.podSecurity": "true", "gateway.namespace": "ingress" };

    it("is off unless it is asked for", async () => {
        expect(await labelsOf({})).toEqual({ "istio-system": [], "istio-sample": [] });
    });

    it("is privileged where there are sidecars, with a warning of what else needs that, and baseline elsewhere", async () => {
        expect(await labelsOf(on)).toEqual({
            "istio-system": ["enforce baseline"],
            ingress: ["enforce baseline"],
            "istio-sample": ["enforce privileged", "warn restricted"],
        });
    });

    it("leaves a namespace of somebody else's, and gives way to namespaces.labels", async () => {
        const replies = {
            "/api/v1/namespaces/istio-sample": { body: { metadata: { name: "istio-sample" } } },
            "/api/v1/namespaces/istio-sample/pods": { status: 201 },
        };
        const existing = { ...on, "namespaces.existing": ["istio-sample"] };
        expect(await labelsOf(existing, { replies })).toMatchObject({
            "istio-system": ["enforce baseline"],
            "istio-sample": [],
        });
        const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
        expect(await labelsOf({ ...on, "namespaces.labels": labels })).toEqual({
            "istio-system": ["enforce restricted"],
            ingress: ["enforce restricted"],
            "istio-sample": ["enforce restricted"],
        });
    });

    it("lets pods with sidecars in where the cluster's own level does not, and nothing else", async () => {
        const refused = 'pods "x" is forbidden: violates PodSecurity "baseline:latest": NET_ADMIN';
        const answered = (message: string) => ({ "/api/v1/namespaces/default/pods": { status: 403, message } });
        const failure = async (settings: Record<string, unknown>, message: string) =>
            String((await tryProgram(settings, { replies: answered(message) })).failure);
        expect(await failure({}, refused)).toContain("namespaces.podSecurity");
        expect(await failure(on, refused)).toBe("undefined");
        expect(await failure(on, "denied by a policy")).toContain("denied by a policy");
        const labels = { "pod-security.kubernetes.io/enforce": "baseline" };
        expect(await failure({ ...on, "namespaces.labels": labels }, refused)).toContain("violates PodSecurity");
    });
});

describe("bookinfo.networkPolicies", () => {
    const POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy";

    it("is off unless it is asked for", async () => {
        const { recording } = await runProgram({});
        expect(recording.ofType(POLICY)).toEqual([]);
    });

    it.each([
        [{}, "bookinfo-gateway", "istio-sample"],
        [{ "gateway.namespace": "ingress" }, "ingress", "ingress"],
    ])("lets the stack's own gateway ask productpage, with %o", async (settings, gateway, namespace) => {
        const { recording } = await runProgram({ "bookinfo.networkPolicies": "true", ...settings });
        expect(recording.ofType(POLICY)).toHaveLength(4);
        const { ingress } = recording.one(POLICY, "bookinfo-productpage-policy").inputs.spec;
        expect((ingress as [{ from: unknown }])[0].from).toEqual([
            {
                podSelector: { matchLabels: { "gateway.networking.k8s.io/gateway-name": gateway } },
                namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
            },
        ]);
    });

    it("takes no policy of somebody else's over", async () => {
        const sample = "/api/v1/namespaces/istio-sample";
        const replies = {
            [sample]: { body: { metadata: { name: "istio-sample" } } },
            [`${sample}/pods`]: { status: 201 },
            "/apis/networking.k8s.io/v1/namespaces/istio-sample/networkpolicies": {
                items: [{ metadata: { name: "reviews", uid: "theirs" } }],
            },
        };
        const settings = { "namespaces.existing": ["istio-sample"] };
        const { failure } = await tryProgram({ ...settings, "bookinfo.networkPolicies": "true" }, { replies });
        expect(String(failure)).toContain("NetworkPolicy istio-sample/reviews");
        await runProgram(settings, { replies });
    });
});
