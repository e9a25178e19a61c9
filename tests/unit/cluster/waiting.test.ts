import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { openCluster } from "@istio-on-pulumi/kube";
import { kubeconfigText, type Replies, serveApi, writeKubeconfig } from "@istio-on-pulumi/kube/testing";
import { watchForBlocked } from "../../../cluster";
import { expectSentence } from "../../support/sentence";

const PODS = "/api/v1/namespaces/shop/pods";
const DEPLOYMENTS = "/apis/apps/v1/namespaces/shop/deployments";
const pod = (reason: string, more: object = {}, message?: string) => ({
    metadata: { name: "a-1", ...more },
    status: {
        containerStatuses: [{ name: "app", image: "registry.local/app:1", state: { waiting: { reason, message } } }],
    },
});

/** Watches for as long as it takes to look a few times; what was said. */
async function watched(replies: Replies, meanwhile: (replies: Record<string, unknown>) => void = () => {}) {
    const api = await serveApi({ [PODS]: { items: [] }, [DEPLOYMENTS]: { items: [] } });
    api.instead = { ...replies };
    const client = await openCluster(
        { kubeconfig: writeKubeconfig(kubeconfigText({ prod: api.url })) },
        { ways: { kubeconfig: "", context: "" }, rights: "", timeLimit: 5000 },
    );
    const said: string[] = [];
    void watchForBlocked(client, ["shop"], (sentence) => said.push(sentence), 10);
    await api.nextRequest();
    await sleep(150);
    meanwhile(api.instead);
    await sleep(150);
    const asked = api.asked.length;
    // It goes on until it is refused, which ends it with the test.
    api.instead = { [PODS]: { status: 403 } };
    await sleep(100);
    return { said, asked };
}

describe("what an update waits for in vain", () => {
    it.each(["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError"])(
        "is said once: a container that waits for %s",
        async (reason) => {
            const { said, asked } = await watched({
                [PODS]: { items: [pod(reason, {}, "Back-off pulling image\n.")] },
            });
            expect(asked).toBeGreaterThan(6);
            expect(said).toHaveLength(1);
            expectSentence(
                said[0],
                `The container app of Pod shop/a-1 does not start with image registry.local/app:1 (${reason}: Back-off pulling image`,
                "Ctrl-C ends it.",
            );
        },
    );

    it("is said where the kubelet's reason changes to and fro, and with an init container, too", async () => {
        const init = {
            ...pod("ErrImagePull"),
            status: { initContainerStatuses: pod("ErrImagePull").status.containerStatuses },
        };
        const { said } = await watched({ [PODS]: { items: [init] } }, (replies) => {
            replies[PODS] = {
                items: [
                    { ...init, status: { initContainerStatuses: pod("ImagePullBackOff").status.containerStatuses } },
                ],
            };
        });
        expect(said).toHaveLength(1);
    });

    it("is said of pods that admission refuses, with its words", async () => {
        const conditions = [
            { type: "ReplicaFailure", status: "True", message: 'pods "a-1" is forbidden: not for you' },
        ];
        const { said } = await watched({
            [DEPLOYMENTS]: { items: [{ metadata: { name: "a" }, status: { conditions } }] },
        });
        expect(said).toHaveLength(1);
        expectSentence(
            said[0],
            'The Deployment shop/a gets no pods: pods "a-1" is forbidden: not for you; have them allowed there.',
        );
    });

    it.each<[string, Replies]>([
        ["a container that is only being created", { [PODS]: { items: [pod("ContainerCreating")] } }],
        ["one that crashed, which its own log tells", { [PODS]: { items: [pod("CrashLoopBackOff")] } }],
        [
            "a pod that is being deleted",
            { [PODS]: { items: [pod("ErrImagePull", { deletionTimestamp: "2026-01-01T00:00:00Z" })] } },
        ],
        ["a server that fails just now", { [PODS]: { status: 500 } }],
    ])("is not %s", async (_, replies) => {
        const { said, asked } = await watched(replies);
        expect(said).toEqual([]);
        expect(asked).toBeGreaterThan(6);
    });

    it("is not looked for by who may not", async () => {
        expect(await watched({ [PODS]: { status: 403 } })).toEqual({ said: [], asked: 2 });
    });
});
