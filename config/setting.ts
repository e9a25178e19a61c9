import { z } from "zod";
import { LOCK_ANOTHER } from "@istio-on-pulumi/kube";

/** What a reader is told of a setting. */
export interface Facts {
    /** What it decides, in one sentence or two, as `Pulumi.yaml`, the JSON Schema and the README show it. */
    readonly description: string;
    /** What is allowed, in words that fit behind "allowed: ". */
    readonly allowed: string;
    /** What a change of it costs in a stack that is up, in words that fit behind "A change: ". */
    readonly cost: string;
    /** Whether its value must never be shown. */
    readonly isSecret?: boolean;
}

/** The facts of every setting; what is not in it is a group of settings. */
export const FACTS = z.registry<Facts>();

type Told = Omit<Facts, "allowed" | "isSecret">;

/** A setting: a zod type with a default or that may be absent, and its facts. */
export function setting<T extends z.ZodType>(type: T, facts: Facts): T {
    FACTS.add(type, facts);
    return type;
}

/** A text that may be left empty; the program then sees `undefined`. */
export function optional<T extends z.ZodType>(told: Told & Pick<Facts, "isSecret">, allowed: string, type: T) {
    const empty = z.literal("").transform(() => undefined);
    return setting(z.union([empty, type]).optional(), { ...told, allowed: `${allowed}, or empty` });
}

export function flag(told: Told, fallback = true) {
    return setting(z.boolean().default(fallback), { ...told, allowed: "true or false" });
}

export function choice<const T extends readonly [string, ...string[]]>(told: Told, values: T) {
    const type = z.enum(values).default(values[0] as never);
    return setting(type, { ...told, allowed: values.join(", ") });
}

/** What is allowed of locked versions, in words. */
export const lockedVersions = (versions: readonly string[], others = "what") =>
    `${versions.join(", ")}, and ${others} "${LOCK_ANOTHER}" adds in the program's directory`;

export function nodePort(told: Told) {
    return setting(z.int().min(0).max(65535).default(0), {
        ...told,
        allowed:
            "a port from 1 to 65535 inside the cluster's node port range " +
            "(30000-32767 unless the API server says otherwise), or 0 for any",
    });
}
