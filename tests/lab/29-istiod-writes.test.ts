import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ISTIO_NAMESPACE } from "@istio-on-pulumi/kube";
import { Lab, TEST_LAB } from "../support/lab";
import { Stack } from "../support/lab-stack";
import { writesDuring } from "../support/lab-writes";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);
let settingsBefore: Buffer;

beforeAll(async () => {
    await lab.learnIstio("1.25.3");
    await stack.ensureUp();
    settingsBefore = readFileSync(stack.file);
});
afterAll(async () => {
    writeFileSync(stack.file, settingsBefore);
    await stack.up("--skip-preview");
});

/** After it neither a preview nor a refresh, nor a preview after that, has anything to say. */
async function leavesRest(action: () => Promise<unknown>): Promise<number> {
    const { wrong, lapses, settled } = await writesDuring(lab, async () => {
        await action();
        await stack.preview("--expect-no-changes");
        await stack.refresh("--expect-no-changes");
        await stack.preview("--expect-no-changes");
    });
    for (const lapse of lapses) console.log(lapse);
    expect(wrong).toEqual([]);
    return settled;
}

describe("what istiod writes itself is neither undone nor shown as a change", () => {
    test("straight after a first up", async () => {
        await stack.destroy();
        expect(await leavesRest(() => stack.up("--skip-preview"))).toBeGreaterThan(0);
    });

    test("when istiod has restarted", async () => {
        const istiod = ["deployment/istiod", "--namespace", ISTIO_NAMESPACE];
        await leavesRest(async () => {
            await lab.output(["kubectl", "rollout", "restart", ...istiod]);
            await lab.output(["kubectl", "rollout", "status", ...istiod, "--timeout=90s"]);
        });
    });

    test("when its values have changed", async () => {
        await stack.set({
            "istio.values.meshConfig.accessLogEncoding": "JSON",
            "istio.values.pilot.podLabels.team": "platform",
        });
        await leavesRest(() => stack.up("--skip-preview"));
    });

    test("when Istio is upgraded in place", async () => {
        await stack.set({ "istio.version": "1.25.3" });
        await leavesRest(() => stack.up("--skip-preview"));
    });
});
