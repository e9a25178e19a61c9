import type { Fields } from "./model";

export const isFields = (value: unknown): value is Fields =>
    typeof value === "object" && value !== null && !Array.isArray(value);

/** What is at a path of a value that may be anything. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
    return path.reduce<unknown>(
        (inner, key) => (typeof inner === "object" && inner !== null ? (inner as Fields)[key] : undefined),
        value,
    );
}

export const textAt = (value: unknown, ...path: readonly string[]): string | undefined => {
    const found = at(value, ...path);
    return typeof found === "string" ? found : undefined;
};

export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
    const found = at(value, ...path);
    return Array.isArray(found) ? found : [];
}

/** A value with its keys in order, so that equal values are equal texts. */
export function canonical(value: unknown): string {
    return (
        JSON.stringify(value, (_, inner: unknown) =>
            isFields(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
        ) ?? ""
    );
}

export const isSame = (one: unknown, other: unknown): boolean => canonical(one) === canonical(other);

/** A place in an object, a step each; those of a list are numbers. */
export type Path = readonly (string | number)[];

/** As the engine and jsonpath write one: `spec.ports[0].nodePort`, `data["config.yaml"]`. */
export const pathText = (path: Path): string =>
    path
        .map((step) => {
            if (typeof step === "number") return `[${step}]`;
            return /^[\w-]+$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
        })
        .join("")
        .replace(/^\./, "");

export interface Difference {
    readonly path: Path;
    readonly before?: unknown;
    readonly after?: unknown;
}

/** Where two values differ: the leaves, and whole values where one side has nothing or something of another shape. */
export function differences(before: unknown, after: unknown, path: Path = []): Difference[] {
    if (isSame(before, after)) return [];
    if (Array.isArray(before) && Array.isArray(after)) {
        return Array.from({ length: Math.max(before.length, after.length) }, (_, index) =>
            differences(before[index], after[index], [...path, index]),
        ).flat();
    }
    if (isFields(before) && isFields(after)) {
        return [...new Set([...Object.keys(before), ...Object.keys(after)])]
            .sort()
            .flatMap((key) => differences(before[key], after[key], [...path, key]));
    }
    return [{ path, before, after }];
}
