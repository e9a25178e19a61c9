import { setTimeout as sleep } from "node:timers/promises";
import { CommandFailed, type Lab } from "../../tests/support/lab";
import { aboutProcess, descendants } from "../../tests/support/processes";

/** What a command took. */
export interface Cost {
    readonly seconds: number;
    /** The most that its processes held together at one moment, shared parts once; in MB. */
    readonly megabytes: number;
}

const EVERY_MS = 100;

/** Runs a command in a lab that must succeed, and watches what it and its children hold. */
export async function costOf(lab: Lab, command: readonly string[], env: Record<string, string> = {}): Promise<Cost> {
    const start = performance.now();
    const child = await lab.spawn(command, env);
    let output = "";
    for (const stream of [child.stdout, child.stderr])
        stream?.on("data", (part: Buffer) => (output += part.toString()));
    const ended = new Promise<number>((resolve) => child.once("exit", (code) => resolve(code ?? 1)));
    let peak = 0;
    let running = true;
    void ended.then(() => (running = false));
    while (running) {
        peak = Math.max(peak, heldBy(child.pid!));
        await Promise.race([ended, sleep(EVERY_MS)]);
    }
    const code = await ended;
    if (code !== 0) throw new CommandFailed(command, { code, stdout: output, stderr: "" });
    return { seconds: (performance.now() - start) / 1000, megabytes: peak / 1024 };
}

/** The medians of several runs. */
export async function medianCost(runs: number, measure: () => Promise<Cost>): Promise<Cost> {
    const costs: Cost[] = [];
    for (let run = 0; run < runs; run += 1) costs.push(await measure());
    return {
        seconds: median(costs.map(({ seconds }) => seconds)),
        megabytes: median(costs.map(({ megabytes }) => megabytes)),
    };
}

function median(values: readonly number[]): number {
    return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** Kilobytes that a process and all below it hold. */
function heldBy(root: number): number {
    return [root, ...descendants(root)].reduce(
        (sum, pid) => sum + Number(/^Pss:\s+(\d+)/m.exec(aboutProcess(pid, "smaps_rollup"))?.[1] ?? 0),
        0,
    );
}
