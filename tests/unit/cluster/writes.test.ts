import { describe, expect, it } from "vitest";
import { kubeconfigText, type Reply, serveApi, writeKubeconfig } from "@istio-on-pulumi/kube/testing";
import { checkWrites, surveyCluster } from "../../../cluster";

/** What is said where the API server answers so to a patch with nothing in it. */
async function said(reply: Reply): Promise<string | undefined> {
    const api = await serveApi({ "/api/v1/namespaces/istio-system": reply });
    const { client } = await surveyCluster({ kubeconfig: writeKubeconfig(kubeconfigText({ prod: api.url })) });
    return checkWrites(client, "istio-system").then(
        () => undefined,
        (error: unknown) => (error as Error).message,
    );
}

describe("checkWrites", () => {
    it("tells what a policy says of this user, before anything is changed", async () => {
        const message =
            "ValidatingAdmissionPolicy 'p' denied request: ServiceAccount ci/preview may only try changes out";
        expect(await said({ status: 403, message })).toMatch(
            new RegExp(`lets this user change nothing, so nothing was changed: ${message}$`),
        );
    });

    it.each<[string, Reply]>([
        ["the patch is let in", { body: {} }],
        ["the namespace is not there", { status: 404, message: "not found" }],
        [
            "rights are missing, which are told elsewhere",
            { status: 403, message: 'User "x" cannot patch resource "namespaces"' },
        ],
    ])("says nothing where %s", async (_, reply) => {
        expect(await said(reply)).toBeUndefined();
    });
});
