import { z } from "zod";

/**
 * One setting of the stack.
 *
 * Pulumi hands every configuration value over as text (objects as JSON), so a setting reads text; the program sees `T`.
 */
export interface Setting<T> {
    /** What it decides, in one sentence, as `Pulumi.yaml` and the README show it. */
    readonly description: string;
    /** What a change of it costs in a stack that is up, in words that fit behind "A change: ". */
    readonly cost: string;
    /** The text that stands for an unset key; it passes `parse`. */
    readonly default: string;
    /** What is allowed, in words that fit behind "allowed: ". */
    readonly allowed: string;
    /** Reads the text of a value; `undefined` where it is not allowed. */
    readonly parse: (text: string) => { readonly value: T } | undefined;
    /** Whether its value must never be shown. */
    readonly isSecret?: boolean;
}

/** What a reader is told of a setting. */
type Facts = Pick<Setting<unknown>, "description" | "cost">;

export function setting<T>(facts: Facts, fallback: string, allowed: string, parse: Setting<T>["parse"]): Setting<T> {
    return { ...facts, default: fallback, allowed, parse };
}

export function checked<T>(type: z.ZodType<T>): Setting<T>["parse"] {
    return (text) => {
        const { success, data } = type.safeParse(text);
        return success ? { value: data } : undefined;
    };
}

/** A text that may be left empty; the program then sees `undefined`. */
export function optional<T>(facts: Facts, allowed: string, type: z.ZodType<T>): Setting<T | undefined> {
    const read = checked(type);
    return setting<T | undefined>(facts, "", `${allowed}, or empty`, (text) =>
        text === "" ? { value: undefined } : read(text),
    );
}

export function flag(facts: Facts, fallback: "true" | "false" = "true"): Setting<boolean> {
    return setting(facts, fallback, "true or false", (text) =>
        text === "true" || text === "false" ? { value: text === "true" } : undefined,
    );
}

export function choice<const T extends string>(facts: Facts, values: readonly [T, ...T[]]): Setting<T> {
    const allowed: z.ZodType<T> = z.custom<T>((text) => values.includes(text as T));
    return setting(facts, values[0], values.join(", "), checked(allowed));
}

export function port(facts: Facts): Setting<number> {
    const parse = checked(z.string().regex(/^\d+$/).transform(Number).pipe(z.number().max(65535)));
    return setting(
        facts,
        "0",
        "a port from 1 to 65535 inside the cluster's node port range " +
            "(30000-32767 unless the API server says otherwise), or 0 for any",
        parse,
    );
}

export function secret<T>(known: Setting<T>): Setting<T> {
    return { ...known, isSecret: true };
}
