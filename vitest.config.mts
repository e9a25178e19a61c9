import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { ClosingLine } from "./tests/support/closing-line.mjs";

/** Files in the order of their names: what a lab test finds must not depend on the last run's durations. */
class ByName extends BaseSequencer {
    override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
        return Promise.resolve(files.toSorted((a, b) => (a.moduleId < b.moduleId ? -1 : 1)));
    }
}

/** In milliseconds. */
const MINUTE = 60_000;

export default defineConfig({
    test: {
        sequence: { sequencer: ByName },
        teardownTimeout: MINUTE,
        reporters: ["default", new ClosingLine()],
        projects: [
            // A minute: on a busy machine the first import of a client library alone takes seconds.
            {
                test: {
                    name: "unit",
                    setupFiles: ["tests/support/fuzz-setup.ts"],
                    include: ["tests/unit/**/*.test.ts", "{packages/*,policy}/tests/**/*.test.ts"],
                    sequence: { groupOrder: 0 },
                    testTimeout: MINUTE,
                    hookTimeout: MINUTE,
                },
            },
            {
                test: {
                    name: "lab",
                    globalSetup: ["tests/support/lab-setup.ts"],
                    include: ["tests/lab/**/*.test.ts"],
                    // One lab, one control plane: its tests take turns, after the quick ones.
                    fileParallelism: false,
                    sequence: { groupOrder: 1 },
                    testTimeout: 20 * MINUTE,
                    hookTimeout: 60 * MINUTE,
                },
            },
        ],
    },
});
