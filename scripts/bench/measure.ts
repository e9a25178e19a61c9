import { setTimeout as sleep } from "node:timers/promises";
import { CommandFailed, type Lab } from "../../tests/support/lab";
import { aboutProcess, descendants } from "../../tests/support/processes";

/** What a command took, with all that it started. */
export interface Cost {
    readonly seconds: number;
    /** Of the processor, in seconds. */
    readonly cpu: number;
    /** The most that its processes held together at one moment, shared parts once; in MB. */
    readonly megabytes: number;
}

const EVERY_MS = 250;
/** The shell's own clock for what it has waited for, as the last line of standard error. */
const TIMED = ["bash", "-c", 'TIMEFORMAT="%U %S"; time "$@"', "timed"];

/**
 * Runs a command in a lab that must succeed, and watches what it and its children take and hold.
 * @throws CommandFailed
 */
export async function costOf(lab: Lab, command: readonly string[], env: Record<string, string> = {}): Promise<Cost> {
    const start = performance.now();
    const child = await lab.spawn([...TIMED, ...command], env);
    let [stdout, stderr] = ["", ""];
    child.stdout?.on("data", (part: Buffer) => (stdout += part.toString()));
    child.stderr?.on("data", (part: Buffer) => (stderr += part.toString()));
    const ended = new Promise<number>((resolve) => child.once("close", (code) => resolve(code ?? 1)));
    let peak = 0;
    let running = true;
    void ended.then(() => (running = false));
    while (running) {
        peak = Math.max(peak, heldBy(child.pid!));
        await Promise.race([ended, sleep(EVERY_MS)]);
    }
    const code = await ended;
    if (code !== 0) throw new CommandFailed(command, { code, stdout, stderr });
    const [user = 0, system = 0] = stderr.trim().split("\n").at(-1)!.split(" ").map(Number);
    return { seconds: (performance.now() - start) / 1000, cpu: user + system, megabytes: peak / 1024 };
}

/** The median of each figure. */
export function medianCost(costs: readonly Cost[]): Cost {
    const of = (figure: keyof Cost) => median(costs.map((cost) => cost[figure]));
    return { seconds: of("seconds"), cpu: of("cpu"), megabytes: of("megabytes") };
}

export function median(values: readonly number[]): number {
    return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** Kilobytes that a process and all below it hold. */
function heldBy(root: number): number {
    return [root, ...descendants(root)].reduce(
        (sum, pid) => sum + Number(/^Pss:\s+(\d+)/m.exec(aboutProcess(pid, "smaps_rollup"))?.[1] ?? 0),
        0,
    );
}
