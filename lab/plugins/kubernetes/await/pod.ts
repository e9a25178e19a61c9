import type { WatchEvent } from "../cluster/watch";
import type { Tree } from "../object/tree";
import { Latest, POD, type Condition, type Subject } from "./condition";
import { podVerdict } from "./pod-problems";

/** A Pod is ready when it is scheduled, initialised, and ready or through. */
export class PodReady implements Condition {
    readonly watched = [POD];
    private readonly latest: Latest;

    constructor(private readonly subject: Subject) {
        this.latest = new Latest(subject);
    }

    get object(): Tree {
        return this.latest.object;
    }

    observe(event: WatchEvent): void {
        this.latest.take(event);
    }

    ready(): boolean {
        const verdict = podVerdict(this.object);
        for (const wait of verdict.waits) this.subject.log.status("info", wait);
        return verdict.ready;
    }

    problems(): string[] {
        const { problem } = podVerdict(this.object);
        return problem ? [problem] : [];
    }
}
