import type { Reporter, TestModule } from "vitest/node";

/** Ends a run with one line that says how it went, for whoever reads only the last line. */
export class ClosingLine implements Reporter {
    onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
        const tests = modules.flatMap((module) => [...module.children.allTests()]);
        const count = (state: string) => tests.filter((test) => test.result().state === state).length;
        // A file that could not be loaded, a hook that failed or an error outside a test has no test that failed.
        const broken =
            modules.filter((module) => module.state() === "failed" && ![...module.children.allTests("failed")].length)
                .length + errors.length;
        const skipped = count("skipped");
        // After the default reporter's summary, which is printed in the same event.
        process.once("exit", () =>
            console.log(
                `${count("passed")} passed, ${count("failed") + broken} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`,
            ),
        );
    }
}
