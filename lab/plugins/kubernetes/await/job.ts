import { displayName, nameOf } from "../object/names";
import { at, list, number, text, type Tree } from "../object/tree";
import type { Subject } from "./condition";
import { AwaitError } from "./error";
import { ObjectWithPods } from "./object-with-pods";

/** A Job is ready when it is complete; one that failed cannot become so. */
export class JobReady extends ObjectWithPods {
    constructor(subject: Subject) {
        super(subject, { group: "batch", version: "v1", kind: "Job" });
    }

    protected override observed(): void {
        if (!jobCondition(this.object, "Failed")) return;
        throw new AwaitError(
            `Resource '${nameOf(this.object)}' was created but failed to initialize`,
            this.object,
            this.problems(),
        );
    }

    ready(): boolean {
        const { log } = this.subject;
        const job = `Waiting for Job "${displayName(this.object)}" to`;
        log.status("info", `${job} start`);
        if (!hasStarted(this.object)) return false;
        const count = (field: string): number => number(this.object, "status", field) ?? 0;
        const progress = `Active: ${count("active")} | Succeeded: ${count("succeeded")} | Failed: ${count("failed")}`;
        log.status("info", `${job} succeed (${progress})`);
        return isComplete(this.object);
    }

    override problems(): string[] {
        const failed = jobCondition(this.object, "Failed");
        const own = failed ? [`[${text(failed, "reason")}] ${text(failed, "message")}`] : [];
        return [...own, ...this.podProblems()];
    }
}

/** Whether the Job has started and completed. */
export function isComplete(job: Tree): boolean {
    return hasStarted(job) && jobCondition(job, "Complete") !== undefined;
}

function hasStarted(job: Tree): boolean {
    return at(job, "status", "startTime") !== undefined;
}

function jobCondition(job: Tree, type: string): unknown {
    return list(job, "status", "conditions").find(
        (condition) => text(condition, "type") === type && text(condition, "status") === "True",
    );
}
