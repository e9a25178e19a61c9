import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Lab, TEST_LAB } from "../support/lab";
import { CHANGE, DESTROY, type Fault, Faults, FIRST_UP } from "../support/lab-faults";
import { API_SERVER, CTRL_C_TWICE, KILL, PROVIDER } from "../support/lab-interruptions";
import { Stack } from "../support/lab-stack";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);
const faults = new Faults(lab, stack);
let settingsBefore: Buffer;

/** `npm run soak:faults` does all of them, at many more moments. */
const CHOSEN: readonly Fault[] = [
    { operation: FIRST_UP, part: 0.3, interruption: KILL },
    { operation: CHANGE, part: 0.5, interruption: PROVIDER },
    { operation: CHANGE, part: 0.5, interruption: CTRL_C_TWICE },
    { operation: FIRST_UP, part: 0.6, interruption: KILL },
    { operation: CHANGE, part: 0.5, interruption: API_SERVER },
    { operation: DESTROY, part: 0.5, interruption: KILL },
];

describe("an operation that is interrupted is taken up again by itself alone", () => {
    beforeAll(async () => {
        await stack.ensureUp();
        settingsBefore = readFileSync(stack.file);
        await faults.learn([CHANGE]);
    });
    afterAll(() => writeFileSync(stack.file, settingsBefore));

    test.each(CHOSEN.map((fault) => [fault.operation.name, fault.interruption.name, fault] as const))(
        "%s: %s",
        async (_operation, _interruption, fault) => {
            const { interrupted, wrong } = await faults.run(fault);
            expect(wrong).toEqual([]);
            expect(interrupted).toBe(true);
        },
    );
});
