import { groupVersion, type Gvk } from "../object/kinds";
import { nameOf, namespaceOf, uidOf } from "../object/names";
import { text, type Tree } from "../object/tree";
import { collectionPath } from "../cluster/cluster";
import type { WatchEvent } from "../cluster/watch";
import type { ResourceContext } from "../resource/context";
import type { Condition, Subject } from "./condition";
import { AwaitError } from "./error";

const REPORT_EVERY_MS = 10_000;
const EVENT: Gvk = { group: "", version: "v1", kind: "Event" };

/**
 * Watches until the condition is met.
 * @returns the object as it then is
 * @throws AwaitError after the timeout, or when the run is cancelled
 */
export async function waitFor(
    context: ResourceContext,
    subject: Subject,
    condition: Condition,
    timeoutMs: number,
): Promise<Tree> {
    const stops: (() => void)[] = [];
    try {
        return await new Promise<Tree>((resolve, reject) => {
            const evaluate = (): void => {
                try {
                    if (condition.ready()) resolve(condition.object);
                } catch (error) {
                    reject(error as Error);
                }
            };
            const observe = (event: WatchEvent): void => {
                try {
                    condition.observe(event);
                } catch (error) {
                    return reject(error as Error);
                }
                evaluate();
            };
            const giveUp = (message: string) => (): void => {
                if (condition.acceptableAtTimeout?.()) resolve(condition.object);
                else reject(new AwaitError(message, condition.object, condition.problems()));
            };
            const name = nameOf(subject.live);
            const timer = setTimeout(giveUp(`'${name}' timed out waiting to be Ready`), timeoutMs);
            const cancel = giveUp(`Resource operation was cancelled for "${name}"`);
            context.cancelled.addEventListener("abort", cancel);
            condition.onChange = evaluate;
            const ticker = setInterval(() => condition.report?.(), REPORT_EVERY_MS);
            stops.push(
                () => clearTimeout(timer),
                () => clearInterval(ticker),
                () => context.cancelled.removeEventListener("abort", cancel),
            );
            evaluate();
            subscribe(context, subject, condition.watched, observe, stops).catch(reject);
        });
    } finally {
        for (const stop of stops) stop();
    }
}

async function subscribe(
    context: ResourceContext,
    subject: Subject,
    watched: Gvk[],
    observe: (event: WatchEvent) => void,
    stops: (() => void)[],
): Promise<void> {
    const namespace = namespaceOf(subject.live);
    for (const gvk of watched) {
        const path = collectionPath(await context.cluster.discovery.mapping(gvk), namespace);
        const kind = { apiVersion: groupVersion(gvk), kind: gvk.kind };
        stops.push(context.cluster.watches.subscribe(path, kind, observe));
    }
    const path = collectionPath(await context.cluster.discovery.mapping(EVENT), namespace);
    const warn = ({ object, type }: WatchEvent): void => {
        if (type === "DELETED" || text(object, "involvedObject", "uid") !== uidOf(subject.live)) return;
        if (text(object, "type") !== "Warning") return;
        subject.log.status("warning", `${text(object, "reason")}: ${text(object, "message")}`);
    };
    stops.push(context.cluster.watches.subscribe(path, { apiVersion: "v1", kind: "Event" }, warn));
}

/**
 * Looks once whether the condition is met, as a refresh does.
 * @throws AwaitError when it is not
 */
export async function lookOnce(context: ResourceContext, subject: Subject, condition: Condition): Promise<void> {
    const namespace = namespaceOf(subject.live);
    for (const gvk of condition.watched) {
        const objects = await context.cluster.objectsOf(gvk, namespace);
        const kind = { apiVersion: groupVersion(gvk), kind: gvk.kind };
        for (const item of await objects.list()) condition.observe({ type: "ADDED", object: { ...kind, ...item } });
    }
    if (condition.ready()) return;
    const name = nameOf(subject.live);
    throw new AwaitError(
        `Resource '${name}' was created but failed to initialize`,
        condition.object,
        condition.problems(),
    );
}
