import { generation } from "../object/names";
import { number } from "../object/tree";
import type { Subject } from "./condition";
import { ObjectWithPods } from "./object-with-pods";

/** A DaemonSet is ready when every node that is to run it runs an updated, available pod. */
export class DaemonSetReady extends ObjectWithPods {
    constructor(subject: Subject) {
        super(subject, { group: "apps", version: "v1", kind: "DaemonSet" });
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

    private count(field: string): number | undefined {
        return number(this.object, "status", field);
    }
}
