import { setTimeout as sleep } from "node:timers/promises";
import type { KubeConfig, KubernetesListObject, KubernetesObject } from "@kubernetes/client-node";

/** What a watch tells. */
export interface WatchHandlers<T> {
    /** An object is there or has changed; also called for each one that exists at the start. */
    readonly changed: (object: T) => unknown;
    /** An object is gone; `object` is its last known state. */
    readonly deleted: (object: T) => void;
}

/** Pause before a broken watch is set up again: the API server may be starting. */
const RETRY_MS = 500;

/**
 * Watches a list of objects until the signal fires, over restarts of the API server.
 * @param path of the list in the API, such as `/api/v1/persistentvolumes`.
 */
export async function watchObjects<T extends KubernetesObject>(
    config: KubeConfig,
    path: string,
    list: () => Promise<KubernetesListObject<T>>,
    handlers: WatchHandlers<T>,
    options: { signal: AbortSignal; fieldSelector?: string },
): Promise<void> {
    const { makeInformer } = await import("@kubernetes/client-node");
    const { signal } = options;
    // The informer has no argument for it, but keeps the path's query.
    const query =
        options.fieldSelector === undefined ? "" : `?fieldSelector=${encodeURIComponent(options.fieldSelector)}`;
    const informer = makeInformer<T>(config, `${path}${query}`, list);
    informer.on("add", handlers.changed);
    informer.on("update", handlers.changed);
    informer.on("delete", handlers.deleted);
    const start = async (): Promise<void> => {
        while (!signal.aborted) {
            try {
                return await informer.start();
            } catch {
                await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
            }
        }
    };
    informer.on("error", () => {
        void sleep(RETRY_MS, undefined, { signal }).then(start, () => undefined);
    });
    signal.addEventListener("abort", () => void informer.stop());
    await start();
}
