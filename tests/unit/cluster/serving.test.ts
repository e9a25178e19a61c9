import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { openCluster } from "@istio-on-pulumi/kube";
import { kubeconfigText, type Replies, serveApi, writeKubeconfig } from "@istio-on-pulumi/kube/testing";
import { untilServing } from "../../../cluster";
import { expectSentence } from "../../support/sentence";

const SLICES = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices";
const slices = (...endpoints: object[][]) => ({ items: endpoints.map((each) => ({ endpoints: each })) });
const READY = { conditions: { ready: true } };
const NOT_READY = { conditions: { ready: false } };

async function wait(answer: unknown, limit = 5_000) {
    const api = await serveApi({ [SLICES]: answer } as Replies);
    const client = await openCluster(
        { kubeconfig: writeKubeconfig(kubeconfigText({ prod: api.url })) },
        { ways: { kubeconfig: "", context: "" }, rights: "", timeLimit: 5000 },
    );
    const waiting = untilServing(client, { namespace: "shop", name: "web" }, { limit, interval: 10 });
    return { api, waiting };
}

describe("a Service that is waited for", () => {
    it.each([
        ["all of its endpoints are ready", slices([READY], [READY])],
        ["an endpoint does not say that it is not", slices([{}])],
        ["the other endpoint ends", slices([READY, { conditions: { ready: false, terminating: true } }])],
        ["nobody may look", { status: 403 }],
    ])("serves where %s", async (_, answer) => {
        const { api, waiting } = await wait(answer);
        await waiting;
        expect(api.asked).toHaveLength(1);
    });

    it.each([
        ["it has no slice", slices()],
        ["it has no endpoint", { items: [{}] }],
        ["one of its endpoints is not ready", slices([READY], [NOT_READY])],
        ["its only endpoint ends", slices([{ conditions: { ready: true, terminating: true } }])],
        ["the server does not answer", { status: 500 }],
    ])("does not serve while %s", async (_, answer) => {
        const { api, waiting } = await wait(answer);
        expect(await Promise.race([waiting, sleep(150, "waits")])).toBe("waits");
        api.instead = { [SLICES]: slices([READY]) };
        await waiting;
        expect(api.asked.length).toBeGreaterThan(3);
    });

    it.each([
        ["no endpoint", slices()],
        ["endpoints that are not ready", slices([NOT_READY])],
    ])("is said to have %s when that takes too long", async (lack, answer) => {
        const { waiting } = await wait(answer, 60);
        const error: unknown = await waiting.catch((failure: unknown) => failure);
        expectSentence(
            (error as Error).message,
            `The Service shop/web has ${lack} after`,
            "(kubectl -n shop get pods)",
        );
    });
});
