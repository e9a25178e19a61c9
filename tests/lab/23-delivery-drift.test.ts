import { afterAll, beforeAll, expect, test } from "vitest";
import { Lab, TEST_LAB } from "../support/lab";
import { DeliveryProject } from "../support/lab-delivery";
import { BOOKINFO_NAMESPACE } from "../support/lab-walkthrough";
import type { Ended } from "../support/workflow-run";

const lab = Lab.named(TEST_LAB);
let project: DeliveryProject;

beforeAll(async () => {
    project = await DeliveryProject.start(lab);
});
afterAll(() => project.stop());

/** What the schedule starts. */
async function night(): Promise<void> {
    const run = project.run("drift", { event: {} }, project.base);
    await run.job("stacks");
    for (const stack of run.matrix("drift")) expect(await run.job("drift", stack)).toMatchObject({ result: "success" });
    expect(((await run.job("issue")) as Ended).steps.issue).toMatchObject({ code: 0 });
}

const scale = (replicas: number) =>
    lab.output(["kubectl", "scale", "deployment/ratings-v1", `--replicas=${replicas}`, "-n", BOOKINFO_NAMESPACE]);

test("an issue is opened when a stack drifts, edited as long as it does, and closed", async () => {
    const { forge, stack, other } = project;
    await night();
    expect(forge.issues).toEqual([]);

    await scale(2);
    await night();
    expect(forge.issues).toMatchObject([{ title: `Drift: ${stack.name}`, isOpen: true, edits: 0 }]);
    expect(forge.issues[0]!.body).toContain("spec.replicas is 2, not 1");
    expect(forge.issues[0]!.body).toContain(`## 🟢 ${other}: nothing differs`);

    await scale(3);
    await night();
    expect(forge.issues).toMatchObject([{ isOpen: true, edits: 1 }]);
    expect(forge.issues[0]!.body).toContain("spec.replicas is 3, not 1");

    await scale(1);
    await night();
    expect(forge.issues).toMatchObject([{ isOpen: false, edits: 2 }]);
});
