import { REGISTRIES } from "./facts";

/** How long a registry may take to answer, in milliseconds. */
const TIME_LIMIT = 5_000;

/** Whether this machine reaches each registry that images come from; any answer over HTTPS counts. */
export async function reachRegistries(): Promise<Record<string, boolean>> {
    const answers = await Promise.all(
        Object.entries(REGISTRIES).map(async ([name, host]) => {
            try {
                const response = await fetch(`https://${host}/v2/`, { signal: AbortSignal.timeout(TIME_LIMIT) });
                await response.body?.cancel();
                return [name, true] as const;
            } catch {
                return [name, false] as const;
            }
        }),
    );
    return Object.fromEntries(answers);
}
