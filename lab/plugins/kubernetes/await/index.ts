/** Waits until an object is what the program expects of it: by its kind, or by what its annotations say. */
import { groupVersion, gvkOf } from "../object/kinds";
import { SKIP_AWAIT, WAIT_FOR, annotation, annotationIsTrue, nameOf, timeoutMs } from "../object/names";
import type { Tree } from "../object/tree";
import type { ResourceContext } from "../resource/context";
import type { Condition, Subject } from "./condition";
import { CustomReady } from "./custom";
import { DaemonSetReady } from "./daemon-set";
import { DeploymentReady } from "./deployment";
import { JobReady } from "./job";
import { PodReady } from "./pod";
import { POLLS, pollUntilReady } from "./poll";
import { ServiceReady } from "./service";
import { StatefulSetReady } from "./stateful-set";
import { lookOnce, waitFor } from "./wait";

export { awaitDeleted } from "./deletion";

const DEFAULT_TIMEOUT_MS = 600_000;

/** By `<group version>/<kind>`; `refresh` is true where the object is only looked at. */
const CONDITIONS: Record<string, (subject: Subject, refresh: boolean) => Condition> = {
    "apps/v1/DaemonSet": (subject) => new DaemonSetReady(subject),
    "apps/v1/Deployment": (subject) => new DeploymentReady(subject),
    "apps/v1/StatefulSet": (subject) => new StatefulSetReady(subject),
    "batch/v1/Job": (subject) => new JobReady(subject),
    "v1/Pod": (subject) => new PodReady(subject),
    "v1/Service": (subject, refresh) => new ServiceReady(subject, refresh),
};

/**
 * Waits after a creation or an update.
 * @returns the object as it then is
 * @throws AwaitError when it does not become ready
 */
export async function awaitReady(context: ResourceContext, subject: Subject): Promise<Tree> {
    if (annotationIsTrue(subject.inputs, SKIP_AWAIT)) {
        subject.log.status("info", "Skipping await logic");
        return subject.live;
    }
    const timeout = timeoutMs(subject.timeout, subject.inputs) ?? DEFAULT_TIMEOUT_MS;
    const expression = annotation(subject.live, WAIT_FOR);
    if (expression) return waitFor(context, subject, new CustomReady(subject, expression), timeout);
    const key = keyOf(subject.live);
    const poll = POLLS[key];
    if (poll) return pollUntilReady(context, subject, poll);
    const condition = CONDITIONS[key]?.(subject, false);
    return condition ? waitFor(context, subject, condition, timeout) : subject.live;
}

/**
 * Looks once, for a refresh.
 * @returns the object as it is now
 * @throws AwaitError when it is not ready
 */
export async function checkReady(context: ResourceContext, subject: Subject): Promise<Tree> {
    const condition = CONDITIONS[keyOf(subject.live)]?.(subject, true);
    if (!condition || annotationIsTrue(subject.inputs, SKIP_AWAIT)) return subject.live;
    await lookOnce(context, subject, condition);
    subject.log.clear();
    return (await context.cluster.objects(subject.live)).get(nameOf(subject.live));
}

function keyOf(object: Tree): string {
    const gvk = gvkOf(object);
    return `${groupVersion(gvk)}/${gvk.kind}`;
}
