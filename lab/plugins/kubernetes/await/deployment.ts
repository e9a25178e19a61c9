import type { WatchEvent } from "../cluster/watch";
import { annotation, generation, nameOf } from "../object/names";
import { at, list, number, text, type Tree } from "../object/tree";
import { CLAIM, Latest, Owned, POD, type Condition, type Subject } from "./condition";
import { podVerdict } from "./pod-problems";

const REVISION = "deployment.kubernetes.io/revision";

/**
 * A Deployment is ready when its controller has seen the change, its newest ReplicaSet has its pods ready, and both
 * conditions, Available and (after a rollout) Progressing with reason NewReplicaSetAvailable, say so.
 */
export class DeploymentReady implements Condition {
    readonly watched = [
        { group: "apps", version: "v1", kind: "Deployment" },
        { group: "apps", version: "v1", kind: "ReplicaSet" },
        POD,
        CLAIM,
    ];
    private readonly latest: Latest;
    private readonly replicaSets = new Owned("ReplicaSet");
    private readonly pods = new Owned("Pod");
    private readonly claims = new Owned("PersistentVolumeClaim");
    private reconciled = false;

    constructor(private readonly subject: Subject) {
        this.latest = new Latest(subject);
    }

    get object(): Tree {
        return this.latest.object;
    }

    observe(event: WatchEvent): void {
        this.replicaSets.take(event);
        this.pods.take(event);
        this.claims.take(event);
        if (!this.latest.take(event)) return;
        if (number(this.object, "status", "observedGeneration") === generation(this.object)) this.reconciled = true;
        this.warnOfConditions();
    }

    ready(): boolean {
        if (!this.reconciled) return false;
        const updated = this.isReplicaSetReady();
        const done =
            this.isAvailable() && updated && this.unboundClaims().length === 0 && (this.isFirst() || this.isRolledOut());
        if (done) this.subject.log.status("info", "Deployment initialization complete");
        else this.showProgress(updated);
        return done;
    }

    problems(): string[] {
        const messages = this.failedConditions();
        const unbound = this.unboundClaims();
        if (unbound.length) messages.push(`Failed to bind PersistentVolumeClaim(s): "${unbound.join(",")}"`);
        if (!this.isAvailable()) messages.push("Minimum number of live Pods was not attained");
        else if (!this.isFirst() && !this.isRolledOut()) {
            messages.push("Minimum number of Pods to consider the application live was not attained");
        } else if (!this.isReplicaSetReady()) {
            messages.push(
                this.isFirst()
                    ? "Minimum number of Pods to consider the application live was not attained"
                    : "Attempted to roll forward to new ReplicaSet, but minimum number of Pods did not become live",
            );
        }
        return [...messages, ...this.podProblems()];
    }

    report(): void {
        for (const problem of this.podProblems()) this.subject.log.status("warning", problem);
    }

    private get revision(): string {
        return annotation(this.object, REVISION);
    }

    /** The first rollout has no Progressing condition to wait for. */
    private isFirst(): boolean {
        return this.revision === "1";
    }

    private condition(type: string): unknown {
        return list(this.object, "status", "conditions").find((item) => text(item, "type") === type);
    }

    private isAvailable(): boolean {
        return text(this.condition("Available"), "status") === "True";
    }

    private isRolledOut(): boolean {
        const progressing = this.condition("Progressing");
        return text(progressing, "status") === "True" && text(progressing, "reason") === "NewReplicaSetAvailable";
    }

    private get replicaSet(): Tree | undefined {
        if (!this.revision) return undefined;
        return this.replicaSets.of(this.subject.live).find((set) => annotation(set, REVISION) === this.revision);
    }

    private isReplicaSetReady(): boolean {
        const set = this.replicaSet;
        if (!set) return false;
        return (number(set, "status", "readyReplicas") ?? 0) >= wantedReplicas(set);
    }

    /** Names of the claims that the pods mount and that have no volume yet. */
    private unboundClaims(): string[] {
        const mounted = list(this.object, "spec", "template", "spec", "volumes").map((volume) =>
            text(volume, "persistentVolumeClaim", "claimName"),
        );
        return this.claims
            .all()
            .filter((claim) => mounted.includes(nameOf(claim)) && text(claim, "status", "phase") !== "Bound")
            .map(nameOf);
    }

    private failedConditions(): string[] {
        return ["Progressing", "Available"].flatMap((type) => {
            const condition = this.condition(type);
            if (!condition || text(condition, "status") === "True" || !text(condition, "reason")) return [];
            return [`[${text(condition, "reason")}] ${text(condition, "message")}`];
        });
    }

    private warnOfConditions(): void {
        for (const message of this.failedConditions()) this.subject.log.status("warning", message);
    }

    private showProgress(updated: boolean): void {
        const set = this.replicaSet;
        if (updated || !set) return;
        const ready = number(set, "status", "readyReplicas") ?? 0;
        this.subject.log.status(
            "info",
            `Waiting for app ReplicaSet to be available (${ready}/${wantedReplicas(set)} Pods available)`,
        );
    }

    private podProblems(): string[] {
        return this.pods.of(this.replicaSet).flatMap((pod) => podVerdict(pod).problem ?? []);
    }
}

/** The ReplicaSet's own count, which someone may have scaled since the program set one. */
function wantedReplicas(set: Tree): number {
    const replicas = at(set, "spec", "replicas");
    return typeof replicas === "number" ? replicas : 1;
}
