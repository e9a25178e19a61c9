import type { WatchEvent } from "../cluster/watch";
import type { Gvk } from "../object/kinds";
import type { Tree } from "../object/tree";
import { Latest, Owned, POD, type Condition, type Subject } from "./condition";
import { podVerdict } from "./pod-problems";

/** A condition of an object that owns pods itself: keeps its latest state and its pods, and reports what keeps them from being ready. */
export abstract class ObjectWithPods implements Condition {
    readonly watched: Gvk[];
    private readonly latest: Latest;
    private readonly pods = new Owned("Pod");

    /** @param kind the object's own kind, to watch beside its pods */
    constructor(
        protected readonly subject: Subject,
        kind: Gvk,
    ) {
        this.watched = [kind, POD];
        this.latest = new Latest(subject);
    }

    get object(): Tree {
        return this.latest.object;
    }

    observe(event: WatchEvent): void {
        this.pods.take(event);
        if (this.latest.take(event)) this.observed();
    }

    abstract ready(): boolean;

    problems(): string[] {
        return this.podProblems();
    }

    report(): void {
        for (const problem of this.podProblems()) this.subject.log.status("warning", problem);
    }

    /**
     * Called after each news of the object itself.
     * @throws AwaitError when the object can no longer get there
     */
    protected observed(): void {}

    protected podProblems(): string[] {
        return this.pods.of(this.object).flatMap((pod) => podVerdict(pod).problem ?? []);
    }
}
