import { generation } from "../object/names";
import { number, text } from "../object/tree";
import type { Subject } from "./condition";
import { ObjectWithPods } from "./object-with-pods";

/** A StatefulSet is ready when every replica is ready and of the newest revision. */
export class StatefulSetReady extends ObjectWithPods {
    private seen = false;

    constructor(subject: Subject) {
        super(subject, { group: "apps", version: "v1", kind: "StatefulSet" });
    }

    protected override observed(): void {
        this.seen = true;
    }

    ready(): boolean {
        const replicas = this.areReplicasReady();
        const revision = this.isRevisionReady();
        if (replicas && revision) {
            this.subject.log.status("info", "StatefulSet initialization complete");
            return true;
        }
        this.showProgress(replicas, revision);
        return false;
    }

    override problems(): string[] {
        const messages: string[] = [];
        if (!this.areReplicasReady()) {
            messages.push(`${this.progress()} out of ${this.wanted} replicas succeeded readiness checks`);
        }
        if (!this.isRevisionReady()) {
            messages.push(
                `StatefulSet controller failed to advance from revision "${this.status("currentRevision")}" ` +
                    `to revision "${this.status("updateRevision")}"`,
            );
        }
        return [...messages, ...this.podProblems()];
    }

    /** Until the controller has seen the change, its status is about the past. */
    private isObserved(): boolean {
        const observed = number(this.object, "status", "observedGeneration");
        return this.seen && observed !== undefined && observed >= generation(this.object);
    }

    private get wanted(): number {
        return number(this.object, "spec", "replicas") ?? 0;
    }

    private count(field: string): number {
        return number(this.object, "status", field) ?? 0;
    }

    private status(field: string): string {
        return text(this.object, "status", field);
    }

    /** Pods are replaced only when someone deletes them, so there is no revision to wait for. */
    private isOnDelete(): boolean {
        return generation(this.object) > 1 && text(this.object, "spec", "updateStrategy", "type") === "OnDelete";
    }

    private areReplicasReady(): boolean {
        if (!this.isObserved()) return false;
        const counts = this.isOnDelete()
            ? ["replicas", "readyReplicas"]
            : ["replicas", "readyReplicas", "currentReplicas"];
        return counts.every((field) => this.count(field) === this.wanted);
    }

    private isRevisionReady(): boolean {
        if (!this.isObserved()) return false;
        if (this.isOnDelete()) return true;
        return this.status("currentRevision") !== "" && this.status("currentRevision") === this.status("updateRevision");
    }

    /** Ready pods; during a rollout only those of the new revision. */
    private progress(): number {
        const ready = this.count("readyReplicas");
        return this.isRevisionReady() ? ready : Math.min(ready, this.count("updatedReplicas"));
    }

    private showProgress(replicas: boolean, revision: boolean): void {
        const ratio = `(${this.progress()}/${this.wanted} Pods ready)`;
        const { log } = this.subject;
        if (generation(this.object) <= 1) log.status("info", `[1/2] Waiting for StatefulSet to create Pods ${ratio}`);
        else if (!replicas) log.status("info", `[1/3] Waiting for StatefulSet update to roll out ${ratio}`);
        else if (!revision) log.status("info", "[2/3] Waiting for StatefulSet to update .status.currentRevision");
    }
}
