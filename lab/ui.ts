import { Listr, PRESET_TIMER, type ListrTask } from "listr2";
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
export async function runSteps(steps: readonly Step[]): Promise<void> {
    const terminal = process.stderr.isTTY === true;
    const tasks = steps.map<ListrTask>((step) => ({
        title: step.title,
        task: async (_, task) => {
            const show: Report = (line) => void (task.output = line);
            const title = await step.run(terminal ? show : throttled(show, PLAIN_EVERY_MS));
            if (title) task.title = title;
        },
    }));
    await onStandardError(() =>
        new Listr(tasks, {
            renderer: terminal ? "default" : "simple",
            rendererOptions: { timer: PRESET_TIMER, collapseErrors: true, showErrorMessage: false } as never,
            exitOnError: true,
            concurrent: false,
            registerSignalListeners: false,
        }).run(),
    );
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
