import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { Lab, TEST_LAB } from "../support/lab";
import { Stack } from "../support/lab-stack";
import { BOOKINFO_NAMESPACE } from "../support/lab-walkthrough";
import { isReady } from "../support/objects";
import { stayingPods } from "../support/pods";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);

/** How many first updates are killed, spread over the time that one takes; `LAB_KILLS=10` for the whole proof. */
const KILLS = Number(process.env.LAB_KILLS ?? 3);

/** Starts a first update, kills the engine with SIGKILL at a part of the time, and says how many resources it knew. */
async function killedAt(milliseconds: number): Promise<number> {
    const engine = await lab.spawn(["pulumi", "up", "--yes", "--skip-preview", "--stack", stack.name]);
    const ended = new Promise((resolve) => engine.once("exit", resolve));
    await sleep(milliseconds);
    engine.kill("SIGKILL");
    await ended;
    return (await stack.resources()).length;
}

async function settle(): Promise<void> {
    // The engine's lock on the state outlives it.
    await stack.pulumi(["cancel", "--yes"]);
    await stack.up("--skip-preview");
    await stack.preview("--expect-no-changes");
}

describe(`a first update that is killed, ${KILLS} times`, () => {
    /** Milliseconds that an update takes here, measured first. */
    let duration: number;
    const known: number[] = [];

    afterAll(() => stack.ensureUp());

    test("an update that is not killed takes its time", async () => {
        await stack.destroy();
        const start = Date.now();
        await stack.up("--skip-preview");
        duration = Date.now() - start;
    });

    test.each(Array.from({ length: KILLS }, (_, index) => (index + 1) / (KILLS + 1)))(
        "at %f of it: `pulumi cancel` and `pulumi up` alone bring the stack up",
        async (part) => {
            await stack.destroy();
            known.push(await killedAt(duration * part));
            await settle();
            const pods = await stayingPods(lab, 6, BOOKINFO_NAMESPACE, "version");
            expect(pods.filter((pod) => !isReady(pod) || pod.spec.containers.length !== 2)).toEqual([]);
        },
    );

    test("they were killed at different moments, none before the first object and none after the last", async () => {
        const all = (await stack.resources()).length;
        expect(known.filter((count) => count > 2 && count < all).length).toBeGreaterThanOrEqual(KILLS - 1);
    });

    test("what was taken over can be changed afterwards", async () => {
        await stack.with({ "bookinfo.tag": "1.20.3" }, () => stack.up("--skip-preview"));
        await stack.up("--skip-preview");
    });

    test("and destroyed, with nothing left in the state", async () => {
        await stack.destroy();
        expect(await stack.resources()).toEqual([]);
    });
});
