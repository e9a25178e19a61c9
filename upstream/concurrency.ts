import pMap from "p-map";

/** How many files are read at once: enough to hide latency, few enough for any server and file limit. */
const READS_AT_ONCE = 8;

/** Maps `items` by `work`, a few at a time, in their order. After a failure, which is the result, no item is begun. */
export function mapLimited<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
    return pMap(items, work, { concurrency: READS_AT_ONCE });
}
