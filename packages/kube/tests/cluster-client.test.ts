import { describe, expect, it } from "vitest";
import { openCluster, RefusedError, UserError } from "../src";
import { kubeconfigText, type Replies, serveApi, writeKubeconfig } from "../testing";

const ASKING = {
    ways: { kubeconfig: "use-kubeconfig <path>", context: "use-context <name>" },
    rights: "read nodes",
    timeLimit: 5_000,
};
const PODS = "/api/v1/pods";

async function open(replies: Replies = {}, over: Partial<typeof ASKING> = {}) {
    const api = await serveApi(replies);
    const kubeconfig = writeKubeconfig(kubeconfigText({ prod: api.url }));
    return { api, cluster: await openCluster({ kubeconfig }, { ...ASKING, ...over }) };
}

const pod = (name: string) => ({ metadata: { name, namespace: "shop", uid: name }, spec: {} });

describe("a cluster's client", () => {
    it("asks nothing before it is asked", async () => {
        const { api, cluster } = await open();
        expect(api.asked).toEqual([]);
        expect(cluster).toMatchObject({
            context: "prod",
            server: api.url,
            where: `The cluster of context "prod" (${api.url})`,
        });
    });

    it("gets an object as the context's user", async () => {
        const { api, cluster } = await open();
        expect(await cluster.get("/version")).toMatchObject({ gitVersion: "v1.33.1" });
        expect(api.headers).toMatchObject({ authorization: "Bearer token-of-prod", accept: "application/json" });
    });

    it("takes a status for absence only where that was said", async () => {
        const { api, cluster } = await open();
        expect(await cluster.get("/api/v1/none", { absent: [404] })).toBeUndefined();
        await expect(cluster.get("/api/v1/none")).rejects.toThrow(
            new UserError(
                `The cluster of context "prod" (${api.url}) does not answer as an API server does: HTTP 404 to GET ` +
                    "/api/v1/none: it failed with 404; check the cluster's server in the kubeconfig, or name another with: use-context <name>",
            ),
        );
    });

    it.each([401, 403])("says who is refused by HTTP %i", async (status) => {
        const { api, cluster } = await open({ [PODS]: { status } });
        const refused = cluster.get(PODS);
        await expect(refused).rejects.toThrow(
            new RefusedError(
                `The cluster of context "prod" (${api.url}) refuses this user (HTTP ${status} to GET ${PODS}: ` +
                    `it failed with ${status}); use a kubeconfig whose ` +
                    "user may read nodes, with: use-kubeconfig <path>",
                status,
            ),
        );
        await expect(refused).rejects.toBeInstanceOf(RefusedError);
    });

    it("lists page by page, or the metadata alone", async () => {
        const { api, cluster } = await open({ [PODS]: { items: ["a", "b", "c"].map(pod) } });
        api.pageSize = 2;
        expect(await cluster.list(PODS)).toEqual(["a", "b", "c"].map(pod));
        expect(api.asked).toEqual([PODS, PODS]);
        expect(await cluster.listMetadata(PODS, { selector: "app=a,tier!=b" })).toEqual(
            ["a", "b", "c"].map((name) => pod(name).metadata),
        );
        expect(api.headers.accept).toBe(
            "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json",
        );
        expect(api.queries.at(-1)).toEqual({ limit: "500", labelSelector: "app=a,tier!=b", continue: "2" });
        expect(await cluster.listMetadata("/api/v1/none", { absent: [404] })).toBeUndefined();
    });

    it("reads text where there is no JSON, and takes none for JSON", async () => {
        const { cluster } = await open({ "/metrics": { text: "a 1\n" } });
        expect(await cluster.getText("/metrics")).toBe("a 1\n");
        await expect(cluster.get("/metrics")).rejects.toThrow(
            "does not answer as an API server does: it answers with text/plain and not with application/json; check",
        );
    });

    it("posts, patches and deletes, and tells what came back, a refusal too", async () => {
        const { api, cluster } = await open({
            [PODS]: (body) => ({ body: { got: body } }),
            "/denied": { status: 403 },
        });
        expect(await cluster.post(PODS, { a: 1 })).toEqual({ status: 200, body: { got: { a: 1 } } });
        expect(api.headers["content-type"]).toBe("application/json");
        expect(await cluster.patch(PODS, { a: 2 })).toEqual({ status: 200, body: { got: { a: 2 } } });
        expect(api.headers["content-type"]).toBe("application/merge-patch+json");
        expect(await cluster.delete("/denied")).toMatchObject({ status: 403, body: { kind: "Status", code: 403 } });
        expect(api.methods).toEqual(["POST", "PATCH", "DELETE"]);
    });

    it("gives a request up when its time is over", async () => {
        const { api, cluster } = await open({ [PODS]: "silence" }, { timeLimit: 200 });
        await expect(cluster.get(PODS)).rejects.toThrow("cannot be reached: no answer in 0.2 s; check that it runs");
        await api.idle();
    });

    it("tells a server that is not there", async () => {
        const { api, cluster } = await open();
        await api.stop();
        await expect(cluster.get("/version")).rejects.toThrow("cannot be reached: connect ECONNREFUSED 127.0.0.1:");
    });
});
