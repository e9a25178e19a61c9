/** How many files are read at once: enough to hide latency, few enough for any server and file limit. */
const WIDTH = 8;

/**
 * Maps `items` by `work`, at most eight at a time, keeping their order. The first failure is the result, and no further
 * item is begun after it.
 */
export async function mapLimited<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
    const results = new Array<R>(items.length);
    let next = 0;
    let failed = false;
    const worker = async (): Promise<void> => {
        while (next < items.length && !failed) {
            const index = next++;
            try {
                results[index] = await work(items[index]!);
            } catch (error) {
                failed = true;
                throw error;
            }
        }
    };
    await Promise.all(Array.from({ length: Math.min(WIDTH, items.length) }, worker));
    return results;
}
