/** Kinds whose readiness is a matter of looking again. */
import { isNotFound } from "../cluster/errors";
import { nameOf } from "../object/names";
import { at, branch, equal, number, text, type Tree } from "../object/tree";
import type { ResourceContext } from "../resource/context";
import type { Subject } from "./condition";
import { AwaitError } from "./error";

const POLL_MS = 500;
const MINUTE_MS = 60_000;

export interface Poll {
    timeoutMs: number;
    ready(context: ResourceContext, subject: Subject, object: Tree): Promise<boolean> | boolean;
}

/** By `<group version>/<kind>`. */
export const POLLS: Record<string, Poll> = {
    "v1/PersistentVolume": {
        timeoutMs: 5 * MINUTE_MS,
        ready: (_context, _subject, volume) => ["Available", "Bound"].includes(text(volume, "status", "phase")),
    },
    "v1/PersistentVolumeClaim": { timeoutMs: 5 * MINUTE_MS, ready: isClaimReady },
    "v1/ReplicationController": {
        timeoutMs: 10 * MINUTE_MS,
        ready: (_context, _subject, controller) =>
            number(controller, "status", "availableReplicas") === number(controller, "spec", "replicas"),
    },
    "v1/ResourceQuota": {
        timeoutMs: MINUTE_MS,
        ready: (_context, _subject, quota) => equal(at(quota, "spec", "hard"), at(quota, "status", "hard")),
    },
    "v1/Secret": {
        timeoutMs: 5000,
        ready: (_context, _subject, secret) =>
            text(secret, "type") !== "kubernetes.io/service-account-token" || Object.keys(branch(secret, "data")).length > 0,
    },
};

/** A claim is bound, or waits for its first pod because its storage class says so. */
async function isClaimReady(context: ResourceContext, subject: Subject, claim: Tree): Promise<boolean> {
    const phase = text(claim, "status", "phase");
    if (phase === "Bound") return true;
    if (subject.last) return false;
    return phase === "Pending" && (await bindingMode(context, subject, claim)) === "WaitForFirstConsumer";
}

async function bindingMode(context: ResourceContext, subject: Subject, claim: Tree): Promise<string> {
    const name = text(claim, "spec", "storageClassName");
    if (!name) {
        subject.log.status("warning", `no storage class found for "${nameOf(claim)}"`);
        return "";
    }
    const gvk = { group: "storage.k8s.io", version: "v1", kind: "StorageClass" };
    try {
        return text(await (await context.cluster.objectsOf(gvk, "")).get(name), "volumeBindingMode");
    } catch (error) {
        if (!isNotFound(error)) throw error;
        subject.log.status("warning", `getting storage class "${name}": ${error.message}`);
        return "";
    }
}

/** @throws AwaitError when the poll's own timeout is over or the run is cancelled */
export async function pollUntilReady(context: ResourceContext, subject: Subject, poll: Poll): Promise<Tree> {
    const objects = await context.cluster.objects(subject.live);
    const end = Date.now() + poll.timeoutMs;
    let object = subject.live;
    for (;;) {
        if (await poll.ready(context, subject, object)) return object;
        const name = nameOf(object);
        if (Date.now() > end) throw new AwaitError(`Timeout occurred polling for '${name}'`, object);
        if (context.cancelled.aborted) throw new AwaitError(`Resource operation was cancelled for "${name}"`, object);
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        object = await objects.get(name);
    }
}
