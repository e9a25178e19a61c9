import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { inspectMesh, type InspectOptions } from "../src";
import { type FakeApi, fakeApi } from "../testing/apiServer";
import { mesh } from "../testing/mesh";

let api: FakeApi;

beforeAll(async () => {
    api = await fakeApi(mesh());
});
beforeEach(() => {
    api.instead = {};
    api.asked.length = 0;
});
afterAll(() => api.stop());

const inspect = (over: Partial<InspectOptions>) =>
    inspectMesh({ kubeconfig: api.kubeconfig, sections: ["injection"], ask: false, ...over });

describe("an inspection of workloads whose pods cannot be created", () => {
    const denied = 'pods "details-v1-" is forbidden: error looking up service account shop/details';
    const metadata = { namespace: "shop", name: "details-v1" };
    const short = {
        metadata,
        spec: { replicas: 1, template: {} },
        status: { conditions: [{ type: "ReplicaFailure", status: "True", message: denied }] },
    };
    const loki = { metadata: { namespace: "shop", name: "loki" }, spec: { replicas: 1 }, status: {} };
    const failed = {
        metadata: {},
        involvedObject: { kind: "StatefulSet", namespace: "shop", name: "loki" },
        message: "create Pod loki-0 in StatefulSet loki failed error: exceeded quota",
    };
    const shop = (group: string, kind: string) => `${group}/namespaces/shop/${kind}`;
    const looked = () => api.asked.filter((path) => path.includes("/namespaces/"));

    it.each(["injection", "doctor"] as const)("names them with the API server's words: %s", async (section) => {
        api.instead = {
            "/apis/apps/v1/deployments": { items: [short] },
            [shop("/apis/apps/v1", "statefulsets")]: { items: [loki] },
            [shop("/api/v1", "events")]: { items: [failed] },
        };
        const { findings, ok } = await inspect({ sections: [section] });
        expect(ok).toBe(false);
        const sentences = findings.filter(({ code }) => code === "workload/missing-pods");
        expect(sentences.map(({ message }) => message)).toEqual([
            expect.stringContaining(`The Deployment shop/details-v1 has 0 of 1 pod, because: ${denied};`),
            expect.stringContaining("The StatefulSet shop/loki has 0 of 1 pod, because: create Pod loki-0 in"),
        ]);
    });

    it("looks in the namespaces of the scope alone, and for Events only where one is needed", async () => {
        await inspect({ sections: ["injection"] });
        expect(new Set(looked().map((path) => path.split("/namespaces/")[1]!.split("/")[0]))).toEqual(
            new Set(["istio-system", "shop", "kube-system"]),
        );
        expect(looked().filter((path) => path.endsWith("/events"))).toEqual([]);
        expect(looked().filter((path) => path.includes("kube-system"))).toEqual([
            "/api/v1/namespaces/kube-system/configmaps/cilium-config",
        ]);
    });

    it("reads each kind once where all namespaces are looked at", async () => {
        api.instead = { "/apis/apps/v1/statefulsets": { items: [loki] } };
        const { findings } = await inspect({ sections: ["injection"], allNamespaces: true });
        expect(findings.map(({ code, subject }) => `${code} ${subject}`)).toContain("workload/missing-pods shop/loki");
        expect(looked().filter((path) => path.endsWith("sets"))).toEqual([]);
    });

    it("notes once what this user may not read", async () => {
        api.instead = {
            [shop("/apis/apps/v1", "statefulsets")]: { status: 403 },
            "/apis/apps/v1/namespaces/istio-system/statefulsets": { status: 403 },
            "/api/v1/namespaces/kube-system/configmaps/cilium-config": { status: 403 },
        };
        const { findings } = await inspect({ sections: ["injection"] });
        expect(findings.map(({ message }) => message)).toEqual([
            expect.stringContaining("may not list configmaps"),
            expect.stringContaining("may not list statefulsets"),
        ]);
    });
});
