import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A process that the lab started, told apart from a later one with the same pid by the time it was started. */
export interface ProcessRecord {
    readonly name: string;
    readonly pid: number;
    /** Start of the process in clock ticks since boot, as /proc/<pid>/stat counts. */
    readonly startTicks: string;
    readonly bootId: string;
}

const bootId = () => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();

/** The start time and state in a line of /proc/<pid>/stat; the command's name in it may hold blanks and brackets. */
export function parseProcStat(line: string): { state: string; startTicks: string } {
    const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0] ?? "", startTicks: fields[19] ?? "" };
}

/** Start time of a living process, or undefined if there is none: a zombie has ended. */
function startTicksOf(pid: number): string | undefined {
    try {
        const { state, startTicks } = parseProcStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
        return state === "Z" || state === "X" ? undefined : startTicks;
    } catch {
        return undefined;
    }
}

/** The record of a living process, or undefined if it has ended already. */
export function recordOf(name: string, pid: number): ProcessRecord | undefined {
    const startTicks = startTicksOf(pid);
    return startTicks === undefined ? undefined : { name, pid, startTicks, bootId: bootId() };
}

/** Whether the very process of the record still runs. */
export function isAlive(record: ProcessRecord): boolean {
    return record.bootId === bootId() && startTicksOf(record.pid) === record.startTicks;
}

/** Writes the record to `<dir>/<name>.json`, whole or not at all. */
export function saveRecord(dir: string, record: ProcessRecord): void {
    mkdirSync(dir, { recursive: true });
    const file = join(dir, `${record.name}.json`);
    writeFileSync(`${file}.new`, `${JSON.stringify(record)}\n`);
    renameSync(`${file}.new`, file);
}

export function removeRecord(dir: string, name: string): void {
    rmSync(join(dir, `${name}.json`), { force: true });
}

/** The record of that name, or undefined if there is none or it is damaged. */
export function readRecord(dir: string, name: string): ProcessRecord | undefined {
    try {
        return JSON.parse(readFileSync(join(dir, `${name}.json`), "utf8")) as ProcessRecord;
    } catch {
        return undefined;
    }
}

/** All records in a directory, whether their processes live or not. */
export function readRecords(dir: string): ProcessRecord[] {
    let names: string[];
    try {
        names = readdirSync(dir);
    } catch {
        return [];
    }
    return names
        .filter((name) => name.endsWith(".json"))
        .flatMap((name) => readRecord(dir, name.slice(0, -".json".length)) ?? []);
}

/** Sends a signal to the very process of the record; does nothing if it has ended. */
function signal(record: ProcessRecord, name: NodeJS.Signals): void {
    if (!isAlive(record)) return;
    try {
        process.kill(record.pid, name);
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
}

/**
 * Ends a process: SIGTERM, and SIGKILL when it has not ended within the grace period. Resolves when it is gone.
 * @param graceMs milliseconds.
 */
export async function endProcess(record: ProcessRecord, graceMs: number): Promise<void> {
    signal(record, "SIGTERM");
    if (await gone(record, graceMs)) return;
    signal(record, "SIGKILL");
    await gone(record, 5000);
}

async function gone(record: ProcessRecord, withinMs: number): Promise<boolean> {
    const deadline = Date.now() + withinMs;
    while (isAlive(record)) {
        if (Date.now() >= deadline) return false;
        await sleep(20);
    }
    return true;
}
