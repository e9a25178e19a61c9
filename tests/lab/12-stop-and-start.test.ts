import type { V1Node } from "@kubernetes/client-node";
import { beforeAll, expect, test } from "vitest";
import { labStatus } from "@istio-on-pulumi/lab";
import { Lab, TEST_LAB } from "../support/lab";
import { ask, untilAnswered } from "../support/lab-load";
import { getOne } from "../support/lab-objects";
import { Stack } from "../support/lab-stack";
import { BOOKINFO_NAMESPACE } from "../support/lab-walkthrough";
import { stayingPods } from "../support/pods";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);
let url: string;

/** Restarts of each container by the UID of its pod, of pods that stay. */
const restarts = async () => {
    const pods = await stayingPods(lab, 7, BOOKINFO_NAMESPACE);
    return new Map(
        pods.map(({ metadata, status }) => [
            metadata.uid,
            status.containerStatuses.map(({ restartCount }) => restartCount),
        ]),
    );
};

beforeAll(async () => {
    await stack.ensureUp();
    ({ productpageUrl: url } = await stack.outputs<{ productpageUrl: string }>());
    await untilAnswered(url);
});

test("a lab that is stopped ends every process; started again it has the same pods, restarted once", async () => {
    const before = await restarts();
    await lab.command("stop");
    await expect(ask(url)).rejects.toThrow(/ECONNREFUSED/);
    expect(labStatus(lab.place)).toMatchObject({ running: false, pods: [] });
    await lab.command("start");
    await untilAnswered(url);
    expect(await restarts()).toEqual(
        new Map([...before].map(([uid, counts]) => [uid, counts.map((count) => count + 1)])),
    );
    await stack.preview("--expect-no-changes");
});

test("a new lab takes pods as soon as it has started", async () => {
    const other = Lab.named(`${TEST_LAB}-new`);
    await other.command("reset");
    try {
        await other.command("start");
        const { spec } = await getOne<V1Node>(other, "node", "lab-node");
        expect(spec?.taints ?? []).toEqual([]);
    } finally {
        await other.command("reset");
    }
});
