import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Lab, type Outcome, TEST_LAB } from "../support/lab";
import { DeliveryProject } from "../support/lab-delivery";
import { eventually } from "../support/lab-objects";
import { Stack } from "../support/lab-stack";
import type { WorkflowRun } from "../support/workflow-run";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);
/** What takes a while: the pods of Bookinfo are restarted. */
const settings = { "bookinfo.tag": "1.20.3" };
/** Until an update has previewed and begins, in milliseconds; on a busy machine it takes its time. */
const PATIENCE = { limitMs: 5 * 60_000 };
let project: DeliveryProject;
let updating: string;

beforeAll(async () => {
    project = await DeliveryProject.start(lab);
    updating = project.path("reports", `${stack.name}.updating`);
});
beforeEach(() => stack.up("--skip-preview"));
afterAll(() => project.stop());

/** Starts the workflow's own step, and has it cancelled in the middle of the update. */
async function cancelled(cancel: (pid: number, ended: Promise<unknown>) => Promise<void>): Promise<WorkflowRun> {
    const { stdout } = await lab.run(["npm", "run", "--silent", "preview:report", "--", "--stack", stack.name]);
    const run = project.runByHand(/digest `(\w+)`/.exec(stdout)![1]!);
    run.checkOut();
    const { command, env } = run.step("up", "up", stack.name);
    const child = await lab.spawn(command, env);
    child.stdout!.resume();
    child.stderr!.resume();
    const ended = new Promise((resolve) => child.once("exit", resolve));
    try {
        await eventually(() => Promise.resolve(existsSync(updating)), Boolean, "the update has begun", PATIENCE);
        await sleep(2000);
        await cancel(child.pid!, ended);
    } catch (error) {
        killTree(child.pid!);
        throw error;
    }
    await ended;
    return run;
}

function unlock(run: WorkflowRun): Promise<Outcome> {
    const { command, env } = run.step("up", "unlock", stack.name);
    return lab.run(command, { env });
}

const locks = async () => (await lab.run(["find", join(lab.place.backend, ".pulumi/locks"), "-type", "f"])).stdout;

/** A process and all that it has started. */
function killTree(pid: number): void {
    const parents = readdirSync("/proc").flatMap((name) => {
        try {
            return [
                [Number(name), Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, "utf8"))![1])] as const,
            ];
        } catch {
            return [];
        }
    });
    const below = (of: number): number[] => [
        of,
        ...parents.filter(([, parent]) => parent === of).flatMap(([child]) => below(child)),
    ];
    for (const each of below(pid)) {
        try {
            process.kill(each, "SIGKILL");
        } catch {
            // It ended with its parent.
        }
    }
}

test("an update that GitHub's runner cancels ends in order, and the next one goes on", async () => {
    await stack.with(settings, async () => {
        const signals: string[] = [];
        const run = await cancelled(async (pid, ended) => {
            // As the runner does it: to the step's own process, with these times.
            for (const [signal, patience] of [
                ["SIGINT", 7500],
                ["SIGTERM", 2500],
            ] as const) {
                signals.push(signal);
                process.kill(pid, signal);
                if (await Promise.race([ended.then(() => true), sleep(patience, false)])) return;
            }
            signals.push("SIGKILL");
            killTree(pid);
        });
        console.log(`Cancelled by ${signals.join(", ")}`);
        expect(signals).not.toContain("SIGKILL");
        expect([existsSync(updating), await locks()]).toEqual([false, ""]);
        expect(await unlock(run)).toMatchObject({ code: 0, stdout: "" });
        expect(readFileSync(project.path("reports/comment.md"), "utf8")).toMatch(/^## ⛔ .*: failed/);
        await stack.up("--skip-preview");
    });
});

test("an update that was killed leaves its lock, which the workflow takes away, and the next one goes on", async () => {
    await stack.with(settings, async () => {
        const run = await cancelled((pid) => {
            killTree(pid);
            return Promise.resolve();
        });
        expect(existsSync(updating)).toBe(true);
        expect(await locks()).toContain(stack.name);
        expect(await unlock(run)).toMatchObject({ code: 0 });
        expect(await locks()).toBe("");
        await stack.up("--skip-preview");
    });
});
