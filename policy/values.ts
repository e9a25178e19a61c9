import { UnknownValueError } from "@pulumi/policy";

/** Stands for a value that a preview cannot know. */
export const UNKNOWN = Symbol("known after the update");

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
    typeof value === "object" && value !== null && !Array.isArray(value);

/** What is at a path of a value that may be anything; nothing where a preview cannot know it. */
export function at(value: unknown, ...path: readonly string[]): unknown {
    const found = path.reduce<unknown>((inner, key) => (isFields(inner) ? inner[key] : undefined), value);
    return found === UNKNOWN ? undefined : found;
}

export const textAt = (value: unknown, ...path: readonly string[]): string | undefined => {
    const found = at(value, ...path);
    return typeof found === "string" ? found : undefined;
};

export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
    const found = at(value, ...path);
    return Array.isArray(found) ? found : [];
}

/** The texts of an object of texts, such as labels. */
export const textsAt = (value: unknown, ...path: readonly string[]): Readonly<Record<string, string>> =>
    Object.fromEntries(
        Object.entries(at(value, ...path) ?? {}).filter((entry): entry is [string, string] => {
            return typeof entry[1] === "string";
        }),
    );

/** Whether a value or anything in it is not known in a preview. */
export function hasUnknown(value: unknown): boolean {
    if (value === UNKNOWN) return true;
    return typeof value === "object" && value !== null && Object.values(value).some(hasUnknown);
}

/**
 * A copy of a resource's properties in which what is unknown is UNKNOWN: reading that throws, and a rule would be given
 * up for the whole stack because of one field.
 */
export function settled(value: unknown): unknown {
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.keys(value).map((key) => [key, read(value as Fields, key)] as const);
    return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
}

function read(fields: Fields, key: string): unknown {
    let value: unknown;
    try {
        value = fields[key];
    } catch (error) {
        if (error instanceof UnknownValueError) return UNKNOWN;
        throw error;
    }
    return settled(value);
}
