import { Listr, type ListrTask, PRESET_TIMER } from "listr2";
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
export function runSteps(steps: readonly Step[]): Promise<void> {
    return process.stderr.isTTY ? onStandardError(() => runOnTerminal(steps)) : runPlainly(steps);
}

async function runOnTerminal(steps: readonly Step[]): Promise<void> {
    const tasks = steps.map<ListrTask>((step) => ({
        title: step.title,
        task: async (_, task) => {
            const title = await step.run((line) => void (task.output = line));
            if (title) task.title = title;
        },
    }));
    // The failure itself is shown once, by whoever asked for the steps.
    await new Listr(tasks, {
        rendererOptions: { timer: PRESET_TIMER, showErrorMessage: false },
        registerSignalListeners: false,
    }).run();
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

/** listr2 writes to standard output; that is left to the results of commands. */
async function onStandardError<T>(action: () => Promise<T>): Promise<T> {
    const { write } = process.stdout;
    process.stdout.write = process.stderr.write.bind(process.stderr) as typeof process.stdout.write;
    try {
        return await action();
    } finally {
        process.stdout.write = write;
    }
}
