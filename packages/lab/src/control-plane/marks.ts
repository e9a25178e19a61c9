import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { netnsFile } from "./netns";
import { endProcess, type ProcessRecord, recordOf } from "./processes";

/** Environment variable that marks a lab's processes, as `<namespace>/<name>`; what a process starts inherits it. */
export const PART_VARIABLE = "ISTIO_LAB_PART";

/** Milliseconds between SIGTERM and SIGKILL for what nobody waits for. */
const LEFTOVER_GRACE_MS = 200;

/** Pids of the processes in a network namespace. @param file that stands for it */
export async function processesIn(file: string): Promise<number[]> {
    const { ino } = await stat(file);
    const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
    const inside = await Promise.all(
        // Another user's is not to be looked at.
        pids.map((pid) =>
            stat(`/proc/${pid}/ns/net`).then(
                (found) => found.ino === ino,
                () => false,
            ),
        ),
    );
    return pids.filter((_, index) => inside[index]).map(Number);
}

/** Processes in a network namespace whose mark passes; empty if the namespace is gone. */
export async function markedProcesses(netns: string, passes: (mark: string) => boolean): Promise<ProcessRecord[]> {
    if (!existsSync(netnsFile(netns))) return [];
    const pids = await processesIn(netnsFile(netns));
    const marked = await Promise.all(
        pids.map(async (pid) => {
            const environ = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
            const mark = environ
                .split("\0")
                .find((entry) => entry.startsWith(`${PART_VARIABLE}=`))
                ?.slice(PART_VARIABLE.length + 1);
            return mark !== undefined && passes(mark) ? recordOf(`process-${pid}`, pid) : undefined;
        }),
    );
    return marked.filter((record) => record !== undefined);
}

/** Ends the processes in a namespace that carry exactly this mark. */
export async function endMarked(netns: string, mark: string): Promise<void> {
    const left = await markedProcesses(netns, (each) => each === mark);
    await Promise.all(left.map((record) => endProcess(record, LEFTOVER_GRACE_MS)));
}
