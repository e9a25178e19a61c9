import type { Resource } from "./model";

/** More names than that no one reads. */
const MOST = 6;

/** `a, b and c`; of many the first ones and how many more. */
export function listed(names: readonly string[]): string {
    const all = [...new Set(names)].sort();
    const shown = all.length > MOST ? [...all.slice(0, MOST - 1), `${all.length - MOST + 1} more`] : all;
    return shown.length < 2 ? (shown[0] ?? "") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

export const namesOf = (resources: readonly Resource[]): string => listed(resources.map(({ name }) => name));
export const titlesOf = (resources: readonly Resource[]): readonly string[] => resources.map(({ title }) => title);
export const counted = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;
/** Of a verb, by how many do it. */
export const does = (number: number, one: string, several: string): string => (number === 1 ? one : several);

/** Of a newer Node.js this is `Map.groupBy`. */
export function grouped<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, T[]> {
    const groups = new Map<string, T[]>();
    for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
    return groups;
}
