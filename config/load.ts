import type { z } from "zod";
import { UserError } from "@istio-on-pulumi/kube";
import { contradictions } from "./contradictions";
import * as say from "./problems";
import { type GivenSettings, settings } from "./schema";
import { FACTS } from "./setting";
import { membersOf } from "./tree";
import { type StackSettings, withVersions } from "./versions";

/**
 * Reads and checks the settings of a stack.
 *
 * @param values every configuration value of the stack by its full key (`<namespace>:<key>`), as Pulumi hands it over:
 *   a group as JSON, all else as text
 * @param project the project's name, which is the namespace of its settings
 * @throws UserError with one line for each value that is not allowed and each key that is unknown
 */
export function loadSettings(values: Readonly<Record<string, string>>, project: string): StackSettings {
    const reading = new Reading(project);
    const loaded = reading.group(settings.shape, ownValues(values, project), "") as GivenSettings;
    const { unknown, refused } = reading;
    const problems = [...unknown, ...refused];
    if (problems.length === 0) problems.push(...contradictions(loaded, project));
    if (problems.length > 0) throw new UserError(problems.join("\n"));
    return withVersions(loaded);
}

function ownValues(values: Readonly<Record<string, string>>, project: string): ReadonlyMap<string, unknown> {
    const prefix = `${project}:`;
    return new Map(
        Object.entries(values)
            .filter(([key]) => key.startsWith(prefix))
            .map(([key, text]) => [key.slice(prefix.length), text]),
    );
}

/** Goes through the tree of settings, and gathers what is wrong on its way. */
class Reading {
    readonly unknown: string[] = [];
    readonly refused: string[] = [];

    constructor(private readonly project: string) {}

    group(
        members: Readonly<Record<string, z.ZodType>>,
        given: ReadonlyMap<string, unknown>,
        at: string,
    ): Record<string, unknown> {
        for (const [key, value] of given) {
            if (!Object.hasOwn(members, key)) this.unknown.push(...this.stranger(at + key, value));
        }
        return Object.fromEntries(
            Object.entries(members).map(([key, type]) => [key, this.member(type, given.get(key), at + key)]),
        );
    }

    /** What is said of a key that is none: of a group, what is said of each setting in it. */
    private stranger(path: string, value: unknown): string[] {
        const moved = say.moved(this.project, path, objectIn(value) ?? value);
        if (moved !== undefined) return [moved];
        const inside = Object.entries(objectIn(value) ?? {});
        return inside.length === 0
            ? [say.unknownPath(this.project, path)]
            : inside.flatMap(([key, inner]) => this.stranger(`${path}.${key}`, inner));
    }

    private member(type: z.ZodType, value: unknown, path: string): unknown {
        const facts = FACTS.get(type);
        const members = membersOf(type);
        if (facts === undefined && members !== undefined) {
            const object = isNothing(value) ? {} : objectIn(value);
            if (object !== undefined) return this.group(members, new Map(Object.entries(object)), `${path}.`);
            this.refused.push(say.noGroup(this.project, path, value, Object.keys(members)));
            return undefined;
        }
        for (const reading of readingsOf(value)) {
            const { success, data } = type.safeParse(reading);
            if (success) return data;
        }
        this.refused.push(say.notAllowed(this.project, path, value, facts!));
        return undefined;
    }
}

/**
 * What a value may mean: itself, or what its text says. `pulumi config set --path` makes numbers and booleans of what
 * looks like them, and no setting of a group has a type for Pulumi.
 */
function readingsOf(value: unknown): unknown[] {
    switch (typeof value) {
        case "string":
            return isCanonical(value) ? [value, JSON.parse(value) as unknown] : [value];
        case "boolean":
            return [value, String(value)];
        case "number":
            // Of 1.20 in YAML nothing but 1.2 is left.
            return [value, ...(Number.isInteger(value) ? [String(value)] : [])];
        default:
            return [value === null ? undefined : value];
    }
}

/** Whether a text is an object or a list in JSON, or a number or boolean as one writes it: not 1e4, 007 or " 80". */
function isCanonical(text: string): boolean {
    try {
        const value: unknown = JSON.parse(text);
        return typeof value === "object" ? value !== null : JSON.stringify(value) === text;
    } catch {
        return false;
    }
}

/** A group below which all is commented out, or a key with nothing behind it. */
function isNothing(value: unknown): boolean {
    return value === undefined || value === null || value === "" || value === "null";
}

/** The object that a value is, or that its text says. */
function objectIn(value: unknown): object | undefined {
    const object = typeof value === "string" && isCanonical(value) ? (JSON.parse(value) as unknown) : value;
    return typeof object === "object" && object !== null && !Array.isArray(object) ? object : undefined;
}
