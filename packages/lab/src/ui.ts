import { Listr, ListrLogger, type ListrTask, PRESET_TIMER, ProcessOutput } from "listr2";
import type { Report } from "./run";

/** One step of a longer job. */
export interface Step {
    readonly title: string;
    /** Does it; may say how far it is, and return a better title for what was done. */
    readonly run: (report: Report) => Promise<string | void>;
}

/** Without a terminal a step says how far it is at most so often, in milliseconds. */
const PLAIN_EVERY_MS = 10_000;

/** At most one call in a period; the first after a quiet period is let through. */
export function throttled(report: Report, periodMs: number, now: () => number = Date.now): Report {
    let last = now();
    return (line) => {
        if (now() - last < periodMs) return;
        last = now();
        report(line);
    };
}

/** Runs steps one after the other and shows on standard error what is done and how far it is. */
export const runSteps = (steps: readonly Step[]): Promise<void> =>
    process.stderr.isTTY ? runOnTerminal(steps) : runPlainly(steps);

async function runOnTerminal(steps: readonly Step[]): Promise<void> {
    const tasks = steps.map<ListrTask>((step) => ({
        title: step.title,
        task: async (_, task) => {
            const title = await step.run((line) => void (task.output = line));
            if (title) task.title = title;
        },
    }));
    // What the library takes for standard output is standard error: the other is left to the results of commands.
    const processOutput = new ProcessOutput(process.stderr, process.stdout);
    const rendererOptions = {
        timer: PRESET_TIMER,
        // The failure itself is shown once, by whoever asked for the steps.
        showErrorMessage: false,
        logger: new ListrLogger({ processOutput }),
    };
    await new Listr(tasks, { rendererOptions, registerSignalListeners: false }).run();
}

/** Lines that are never rewritten, for logs. */
async function runPlainly(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
        const start = Date.now();
        const done = (mark: string, title: string) =>
            console.error(`${mark} ${title} [${((Date.now() - start) / 1000).toFixed(1)} s]`);
        const report = throttled((line) => console.error(`  ${step.title}: ${line}`), PLAIN_EVERY_MS);
        try {
            done("✔", (await step.run(report)) || step.title);
        } catch (error) {
            done("✖", step.title);
            throw error;
        }
    }
}
