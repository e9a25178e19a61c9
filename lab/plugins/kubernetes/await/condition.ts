import type { ResourceLog } from "../../rpc/engine";
import type { WatchEvent } from "../cluster/watch";
import { generation, nameOf, namespaceOf, uidOf } from "../object/names";
import type { Gvk } from "../object/kinds";
import type { Tree } from "../object/tree";

/** What there is to wait for: one object, right after it was written. */
export interface Subject {
    urn: string;
    inputs: Tree;
    /** the object as the API server answered */
    live: Tree;
    /** the object before an update; undefined after a creation */
    last: Tree | undefined;
    /** seconds, from the resource's options; 0: the default */
    timeout: number;
    log: ResourceLog;
}

/** A state that an object is to reach, told from what is seen of it and of the objects that it brings about. */
export interface Condition {
    /** the kinds to watch in the object's namespace, its own among them */
    readonly watched: Gvk[];
    /** @throws AwaitError when the object can no longer get there */
    observe(event: WatchEvent): void;
    ready(): boolean;
    /** the object as it was last seen */
    readonly object: Tree;
    /** why it is not ready, for people */
    problems(): string[];
    /** set by whoever waits; to be called when time alone has changed the verdict */
    onChange?: (() => void) | undefined;
    /** called every ten seconds */
    report?(): void;
    /** whether running out of time is good enough */
    acceptableAtTimeout?(): boolean;
}

export const POD: Gvk = { group: "", version: "v1", kind: "Pod" };
export const CLAIM: Gvk = { group: "", version: "v1", kind: "PersistentVolumeClaim" };

/** Keeps the latest state of the subject itself; events about other objects and stale ones are told apart. */
export class Latest {
    object: Tree;

    constructor(private readonly subject: Subject) {
        this.object = subject.live;
    }

    /** @returns whether the event was news of the subject */
    take(event: WatchEvent): boolean {
        const { object } = event;
        const { live } = this.subject;
        if (object["kind"] !== live["kind"] || nameOf(object) !== nameOf(live)) return false;
        if (namespaceOf(object) !== namespaceOf(live) || generation(object) < generation(live)) return false;
        if (event.type === "DELETED") return false;
        this.object = object;
        return true;
    }
}

/** The objects of one kind that an owner brought about. */
export class Owned {
    private readonly byUid = new Map<string, Tree>();

    constructor(readonly kind: string) {}

    take(event: WatchEvent): void {
        if (event.object["kind"] !== this.kind) return;
        if (event.type === "DELETED") this.byUid.delete(uidOf(event.object));
        else this.byUid.set(uidOf(event.object), event.object);
    }

    of(owner: Tree | undefined): Tree[] {
        if (!owner) return [];
        return [...this.byUid.values()].filter((object) => isOwnedBy(object, owner));
    }

    all(): Tree[] {
        return [...this.byUid.values()];
    }
}

function isOwnedBy(object: Tree, owner: Tree): boolean {
    const owners = ((object["metadata"] as Tree | undefined)?.["ownerReferences"] as Tree[] | undefined) ?? [];
    return owners.some((reference) => reference["uid"] === uidOf(owner));
}
