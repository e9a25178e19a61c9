import { basename } from "node:path";
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
    /** By program; what lived shorter than the time from one look to the next is missing. */
    readonly programs: Readonly<Record<string, ProgramCost>>;
}

interface ProgramCost {
    /** Of the processor, in seconds, of all its processes. */
    readonly cpu: number;
    /** The most that one of its processes held; in MB. */
    readonly megabytes: number;
}

const EVERY_MS = 250;
/** Counting what is shared stops a process for milliseconds: more often, it would be seen in the figures. */
const LOOKS_TO_A_COUNT = 4;
const TICKS_A_SECOND = 100;
/** The shell's own clock for what it has waited for, as the last line of standard error. */
const TIMED = ["bash", "-c", 'TIMEFORMAT="\n%U %S"; time "$@"', "timed"];

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
    const processes = new Map<number, ProgramCost & { readonly program: string }>();
    let peak = 0;
    let running = true;
    let looks = 0;
    void ended.then(() => (running = false));
    while (running) {
        const seen = descendants(child.pid!);
        if (looks++ % LOOKS_TO_A_COUNT === LOOKS_TO_A_COUNT - 1) {
            const held = [child.pid!, ...seen].map(sharedOnce);
            peak = Math.max(
                peak,
                held.reduce((sum, each) => sum + each, 0),
            );
        }
        for (const pid of seen) {
            const cost = costSoFar(pid);
            if (cost) processes.set(pid, cost);
        }
        await Promise.race([ended, sleep(EVERY_MS)]);
    }
    const code = await ended;
    if (code !== 0) throw new CommandFailed(command, { code, stdout, stderr });
    const [user = 0, system = 0] = stderr.trim().split("\n").at(-1)!.split(" ").map(Number);
    return {
        seconds: (performance.now() - start) / 1000,
        cpu: user + system,
        megabytes: peak,
        programs: byProgram([...processes.values()]),
    };
}

/** The median of each figure. */
export function medianCost(costs: readonly Cost[]): Cost {
    const of = (figure: "seconds" | "cpu" | "megabytes") => median(costs.map((cost) => cost[figure]));
    const programs = [...new Set(costs.flatMap((cost) => Object.keys(cost.programs)))];
    const ofProgram = (program: string, figure: keyof ProgramCost) =>
        median(costs.map((cost) => cost.programs[program]?.[figure] ?? 0));
    return {
        seconds: of("seconds"),
        cpu: of("cpu"),
        megabytes: of("megabytes"),
        programs: Object.fromEntries(
            programs.map((program) => [
                program,
                { cpu: ofProgram(program, "cpu"), megabytes: ofProgram(program, "megabytes") },
            ]),
        ),
    };
}

export function median(values: readonly number[]): number {
    return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function byProgram(processes: readonly (ProgramCost & { readonly program: string })[]): Record<string, ProgramCost> {
    const programs = new Map<string, ProgramCost>();
    for (const { program, cpu, megabytes } of processes) {
        const before = programs.get(program) ?? { cpu: 0, megabytes: 0 };
        programs.set(program, { cpu: before.cpu + cpu, megabytes: Math.max(before.megabytes, megabytes) });
    }
    return Object.fromEntries([...programs].sort(([, a], [, b]) => b.cpu - a.cpu));
}

/** What a process has taken until now, and the most that it held. */
function costSoFar(pid: number): (ProgramCost & { readonly program: string }) | undefined {
    const [program = ""] = aboutProcess(pid, "cmdline").split("\0");
    const stat = aboutProcess(pid, "stat");
    // The program's name, in brackets, may have spaces in it.
    const [user, system] = stat
        .slice(stat.lastIndexOf(")") + 2)
        .split(" ")
        .slice(11, 13)
        .map(Number);
    if (program === "" || user === undefined || system === undefined) return undefined;
    const kilobytes = Number(/^VmHWM:\s+(\d+)/m.exec(aboutProcess(pid, "status"))?.[1] ?? 0);
    return { program: basename(program), cpu: (user + system) / TICKS_A_SECOND, megabytes: kilobytes / 1024 };
}

/** Megabytes that a process holds; a share of what several do. */
function sharedOnce(pid: number): number {
    return Number(/^Pss:\s+(\d+)/m.exec(aboutProcess(pid, "smaps_rollup"))?.[1] ?? 0) / 1024;
}
