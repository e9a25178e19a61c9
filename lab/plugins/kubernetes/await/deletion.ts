import { isNotFound } from "../cluster/errors";
import { SKIP_AWAIT, annotationIsTrue, nameOf, timeoutMs, uidOf } from "../object/names";
import { groupVersion, gvkOf } from "../object/kinds";
import { at, list, type Tree } from "../object/tree";
import type { ResourceContext } from "../resource/context";
import type { Subject } from "./condition";
import { AwaitError } from "./error";

const DEFAULT_TIMEOUT_MS = 600_000;
const FIRST_LOOK_MS = 50;
const SLOWEST_LOOK_MS = 1000;

/** Kinds that may be left to vanish by themselves. */
const MAY_SKIP = new Set([
    "v1/Namespace",
    "v1/Pod",
    "v1/ReplicationController",
    "apps/v1/DaemonSet",
    "apps/v1/Deployment",
    "apps/v1/StatefulSet",
    "batch/v1/Job",
]);

/**
 * Waits until the object is gone.
 * @throws AwaitError after the timeout, or when the run is cancelled
 */
export async function awaitDeleted(context: ResourceContext, subject: Subject): Promise<void> {
    const { inputs, live, log } = subject;
    const gvk = gvkOf(inputs);
    if (annotationIsTrue(inputs, SKIP_AWAIT) && MAY_SKIP.has(`${groupVersion(gvk)}/${gvk.kind}`)) return;
    const objects = await context.cluster.objects(live);
    const end = Date.now() + (timeoutMs(subject.timeout, inputs) ?? DEFAULT_TIMEOUT_MS);
    let last: Tree = live;
    for (let wait = FIRST_LOOK_MS; ; wait = Math.min(wait * 2, SLOWEST_LOOK_MS)) {
        try {
            last = await objects.get(nameOf(live));
        } catch (error) {
            if (isNotFound(error)) return;
            throw error;
        }
        // Someone made a new one of the same name.
        if (uidOf(live) && uidOf(last) !== uidOf(live)) return;
        if (at(last, "metadata", "deletionTimestamp")) log.status("info", "Resource scheduled for deletion");
        if (context.cancelled.aborted) {
            throw new AwaitError(`Resource operation was cancelled for "${nameOf(live)}"`, last);
        }
        if (Date.now() > end) {
            const finalizers = list(last, "metadata", "finalizers").join(", ");
            log.log("warning", `finalizers might be preventing deletion (${finalizers})`);
            throw new AwaitError("timed out waiting for the condition", last);
        }
        await new Promise((resolve) => setTimeout(resolve, wait));
    }
}
