import type { WatchEvent } from "../cluster/watch";
import { nameOf } from "../object/names";
import { branch, list, text, type Tree } from "../object/tree";
import { Latest, type Condition, type Subject } from "./condition";

/** Milliseconds for which a Service's endpoints must have had to settle. */
export const SETTLE_MS = 10_000;

/**
 * A Service is ready when its endpoints have had ten seconds to settle and none of them is still coming up; one of type
 * LoadBalancer also needs an address. Headless, external and selectorless Services have nothing to wait for.
 */
export class ServiceReady implements Condition {
    readonly watched = [
        { group: "", version: "v1", kind: "Service" },
        { group: "", version: "v1", kind: "Endpoints" },
    ];
    private readonly latest: Latest;
    private seen = false;
    private settled: boolean;
    private addresses = 0;
    private pending = 0;

    onChange: (() => void) | undefined;

    /** @param settledAlready a refresh does not wait */
    constructor(
        private readonly subject: Subject,
        private readonly settledAlready = false,
    ) {
        this.latest = new Latest(subject);
        this.settled = settledAlready;
        if (!settledAlready) subject.log.status("info", "[1/3] Finding Pods to direct traffic to");
    }

    get object(): Tree {
        return this.latest.object;
    }

    observe(event: WatchEvent): void {
        if (this.latest.take(event)) this.seen = true;
        if (event.object["kind"] !== "Endpoints" || nameOf(event.object) !== nameOf(this.subject.live)) return;
        const gone = event.type === "DELETED";
        const subsets = gone ? [] : list(event.object, "subsets");
        this.addresses = subsets.reduce<number>((sum, subset) => sum + list(subset, "addresses").length, 0);
        this.pending = subsets.reduce<number>((sum, subset) => sum + list(subset, "notReadyAddresses").length, 0);
        if (this.settledAlready) return;
        this.settled = false;
        setTimeout(() => {
            this.settled = true;
            this.onChange?.();
        }, SETTLE_MS).unref();
    }

    ready(): boolean {
        if (!this.waitsForPods()) return this.isAllocated();
        const done = this.isAllocated() && this.settled && this.pending === 0;
        if (done) this.subject.log.status("info", "Service initialization complete");
        else if (this.settled && this.addresses > 0) {
            this.subject.log.status("info", "[2/3] Attempting to allocate IP address to Service");
        }
        return done;
    }

    problems(): string[] {
        if (this.isHeadless() || this.isExternal()) return [];
        const messages: string[] = [];
        if (this.addresses === 0) {
            messages.push(
                "Service does not target any Pods. Selected Pods may not be ready, or field '.spec.selector' may not match " +
                    "labels on any Pods",
            );
        }
        if (this.isLoadBalancer() && !this.isAllocated()) {
            messages.push("Service was not allocated an IP address; does your cloud provider support this?");
        }
        return messages;
    }

    acceptableAtTimeout(): boolean {
        return this.isAllocated() && this.pending === 0;
    }

    private isAllocated(): boolean {
        if (!this.seen) return false;
        return !this.isLoadBalancer() || list(this.object, "status", "loadBalancer", "ingress").length > 0;
    }

    private isLoadBalancer(): boolean {
        return text(this.subject.live, "spec", "type") === "LoadBalancer";
    }

    private isExternal(): boolean {
        return text(this.subject.live, "spec", "type") === "ExternalName";
    }

    private isHeadless(): boolean {
        return text(this.object, "spec", "clusterIP") === "None";
    }

    private waitsForPods(): boolean {
        return !this.isExternal() && !this.isHeadless() && Object.keys(branch(this.object, "spec", "selector")).length > 0;
    }
}
