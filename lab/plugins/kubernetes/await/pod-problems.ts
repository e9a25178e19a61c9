/** What keeps a pod from being ready, in the words of its own status. */
import { displayName } from "../object/names";
import { at, list, number, text, type Tree } from "../object/tree";

export interface PodVerdict {
    ready: boolean;
    /** what it waits for, in order */
    waits: string[];
    problem: string | undefined;
}

/** Scheduled, initialised, ready: the first that does not hold is the verdict. */
export function podVerdict(pod: Tree): PodVerdict {
    const waits: string[] = [];
    for (const [type, verb] of [
        ["PodScheduled", "scheduled"],
        ["Initialized", "initialized"],
        ["Ready", "ready"],
    ] as const) {
        waits.push(`Waiting for Pod "${displayName(pod)}" to be ${verb}`);
        const condition = list(pod, "status", "conditions").find((item) => text(item, "type") === type);
        if (text(condition, "status") === "True") continue;
        if (type === "Ready" && text(pod, "status", "phase") === "Succeeded") continue;
        return { ready: false, waits, problem: condition === undefined ? undefined : problemOf(pod, type, condition) };
    }
    return { ready: true, waits, problem: undefined };
}

function problemOf(pod: Tree, type: string, condition: unknown): string | undefined {
    const message = text(condition, "reason") ? text(condition, "message") : "";
    // An unscheduled pod's message is a status, not yet a problem.
    if (type === "PodScheduled") return undefined;
    const containers = list(pod, "status", "containerStatuses").flatMap(containerProblems);
    if (!message && containers.length === 0) return undefined;
    return `[Pod ${displayName(pod)}]: ${message}${containers.join("\n")}`;
}

function containerProblems(status: unknown): string[] {
    if (at(status, "ready") === true) return [];
    const problems: string[] = [];
    const waiting = at(status, "state", "waiting");
    if (waiting && text(waiting, "reason") !== "ContainerCreating") {
        problems.push(`[${text(waiting, "reason")}] ${text(waiting, "message")}`);
    }
    const terminated = at(status, "state", "terminated");
    if (text(terminated, "reason")) {
        problems.push(
            text(terminated, "message")
                ? `[${text(terminated, "reason")}] ${text(terminated, "message")}`
                : `container "${text(status, "name")}" completed with exit code ${number(terminated, "exitCode") ?? 0}`,
        );
    }
    const last = at(status, "lastState", "terminated");
    if (last) {
        problems.push(
            `container "${text(status, "name")}" terminated at ${text(last, "finishedAt")} ` +
                `(${text(last, "reason")}: exit code ${number(last, "exitCode") ?? 0})`,
        );
        if (text(last, "message")) problems.push(text(last, "message"));
    }
    return problems;
}
