import { describe, expect, it } from "vitest";
import { UserError } from "@istio-on-pulumi/kube";
import {
    KUBE_SYSTEM,
    kubeconfigText,
    type Reply,
    serveApi,
    VERSION,
    writeKubeconfig,
} from "@istio-on-pulumi/kube/testing";
import { checkIdentity, surveyCluster } from "../../../cluster";

const UID = "11111111-2222-4333-8444-555555555555";
const WHAT_TO_DO = "try again when it is well, or name another with: pulumi config set --path cluster.context <name>";

async function survey(replies: Readonly<Record<string, Reply>> = {}) {
    const api = await serveApi(replies);
    const kubeconfig = writeKubeconfig(kubeconfigText({ prod: api.url }));
    return { api, result: surveyCluster({ kubeconfig }) };
}

describe("surveyCluster", () => {
    it("tells version, identity and context of a cluster, and asks it as the context's user", async () => {
        const { api, result } = await survey();
        const { client, ...facts } = await result;
        expect(facts).toEqual({ kubernetesVersion: "v1.33.1", uid: UID });
        expect(client.context).toBe("prod");
        expect(api.headers.authorization).toBe("Bearer token-of-prod");
        expect(api.asked).toEqual([VERSION, KUBE_SYSTEM]);
    });

    it("looks at the context that is named, not at the current one", async () => {
        const [current, named] = [await serveApi(), await serveApi()];
        const kubeconfig = writeKubeconfig(kubeconfigText({ current: current.url, named: named.url }));
        expect((await surveyCluster({ kubeconfig, context: "named" })).client.context).toBe("named");
        expect(current.asked).toEqual([]);
        expect(named.headers.authorization).toBe("Bearer token-of-named");
    });

    it("asks one question only where the first is not answered", async () => {
        const { api, result } = await survey({ [VERSION]: { status: 500 } });
        await expect(result).rejects.toThrow(
            `The cluster of context "prod" (${api.url}) fails (HTTP 500 to GET /version: it failed with 500); ${WHAT_TO_DO}`,
        );
        expect(api.asked).toEqual([VERSION]);
    });
});

describe("checkIdentity", () => {
    it("accepts the stack's cluster, and any before there is one", async () => {
        const found = await (await survey()).result;
        expect(() => checkIdentity(found, UID)).not.toThrow();
        expect(() => checkIdentity(found, undefined)).not.toThrow();
    });

    it("refuses another one, and says how to come back and how to say that it is right", async () => {
        const { api, result } = await survey();
        const found = await result;
        expect(() => checkIdentity(found, "99999999-2222-4333-8444-555555555555")).toThrow(
            new UserError(
                `The cluster of context "prod" (${api.url}) is not the one that this stack belongs to: the UID of its ` +
                    `namespace kube-system is ${UID}, not 99999999-2222-4333-8444-555555555555; nothing was changed. ` +
                    "Name the right one with: pulumi config set --path cluster.context <name> or pulumi config set --path cluster.kubeconfig <path>. " +
                    "If the stack's cluster was rebuilt and is this one now, say so with: " +
                    `pulumi config set --path cluster.uid ${UID}, and then run: pulumi up --refresh`,
            ),
        );
    });
});
