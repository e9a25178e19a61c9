import type { WatchEvent } from "../cluster/watch";
import { generation } from "../object/names";
import { number, type Tree } from "../object/tree";
import { Latest, Owned, POD, type Condition, type Subject } from "./condition";
import { podVerdict } from "./pod-problems";

/** A DaemonSet is ready when every node that is to run it runs an updated, available pod. */
export class DaemonSetReady implements Condition {
    readonly watched = [{ group: "apps", version: "v1", kind: "DaemonSet" }, POD];
    private readonly latest: Latest;
    private readonly pods = new Owned("Pod");

    constructor(private readonly subject: Subject) {
        this.latest = new Latest(subject);
    }

    get object(): Tree {
        return this.latest.object;
    }

    observe(event: WatchEvent): void {
        this.pods.take(event);
        this.latest.take(event);
    }

    ready(): boolean {
        const wanted = this.count("desiredNumberScheduled");
        if (wanted === undefined || (this.count("observedGeneration") ?? 0) < generation(this.object)) return false;
        const fields = ["currentNumberScheduled", "updatedNumberScheduled", "numberAvailable", "numberReady"];
        const lacking = fields.find((field) => (this.count(field) ?? 0) < wanted);
        const { log } = this.subject;
        if (lacking) log.status("info", `Waiting for DaemonSet: ${lacking} ${this.count(lacking) ?? 0}/${wanted}`);
        else log.status("info", `All replicas scheduled as expected. Replicas: ${wanted}`);
        return lacking === undefined;
    }

    problems(): string[] {
        return this.pods.of(this.object).flatMap((pod) => podVerdict(pod).problem ?? []);
    }

    report(): void {
        for (const problem of this.problems()) this.subject.log.status("warning", problem);
    }

    private count(field: string): number | undefined {
        return number(this.object, "status", field);
    }
}
