/** A merge patch as the engine shows it: one entry for each property that is added, deleted or updated. */
import { Unknown, isProps, type Props } from "../../rpc/values";
import { equal } from "../object/tree";
import { replaces } from "./replace-rules";

export interface PropertyChange {
    kind: "add" | "delete" | "update";
    /** the change makes a new object necessary */
    replace: boolean;
    /** the change is one of inputs alone, as a deletion is */
    inputDiff: boolean;
}

/** Stands for a property that is not there, which is not the same as one that is null. */
const MISSING = Symbol("missing");

type Path = readonly (string | number)[];

interface Sides {
    /** the live object, cut to the old inputs */
    old: unknown;
    newInput: unknown;
    oldInput: unknown;
}

/**
 * @param patch the merge patch from `old` to `newInputs`
 * @param replacePaths paths whose change replaces
 * @returns changes by property path, e.g. `spec.template.spec.containers[0].image`
 */
export function detailedDiff(
    patch: Props,
    old: Props,
    newInputs: Props,
    oldInputs: Props,
    replacePaths: readonly string[],
): Map<string, PropertyChange> {
    const diff = new DiffBuilder(replacePaths);
    diff.object([], patch, { old, newInput: newInputs, oldInput: oldInputs }, false);
    return diff.changes;
}

class DiffBuilder {
    readonly changes = new Map<string, PropertyChange>();

    constructor(private readonly replacePaths: readonly string[]) {}

    object(path: Path, patch: Props, sides: Sides, inList: boolean): void {
        for (const [key, value] of Object.entries(patch)) {
            this.value([...path, key], value, stepInto(sides, key), inList);
        }
        if (!inList || !isProps(sides.old)) return;
        // Inside a list the patch holds whole items and says nothing of what is gone from them.
        for (const key of Object.keys(sides.old)) {
            if (!(key in patch)) this.value([...path, key], null, stepInto(sides, key), inList);
        }
    }

    private value(path: Path, patched: unknown, sides: Sides, inList: boolean): void {
        // What the program does not set is the API server's, unless the program used to set it.
        if (sides.newInput === MISSING && (patched !== null || sides.oldInput === MISSING)) return;
        if (patched === null) {
            if (sides.newInput instanceof Unknown) this.add(path, patched, sides.old === MISSING ? "add" : "update");
            else this.add(path, patched, "delete");
        } else if (sides.old === MISSING) this.add(path, patched, "add");
        else if (isProps(patched) && isProps(sides.old)) this.object(path, patched, sides, inList);
        else if (Array.isArray(patched) && Array.isArray(sides.old)) this.list(path, patched, sides);
        else if (!equal(patched, sides.old)) this.add(path, patched, "update");
    }

    private list(path: Path, patched: unknown[], sides: Sides): void {
        const old = sides.old as unknown[];
        const length = Math.max(patched.length, old.length);
        for (let index = 0; index < length; index += 1) {
            const item = index < patched.length ? patched[index] : null;
            this.value(
                [...path, index],
                item,
                {
                    old: index < old.length ? old[index] : MISSING,
                    newInput: itemAt(sides.newInput, index),
                    oldInput: itemAt(sides.oldInput, index),
                },
                true,
            );
        }
    }

    private add(path: Path, value: unknown, kind: PropertyChange["kind"]): void {
        const replace = replaces(path, value, this.replacePaths);
        this.changes.set(propertyPath(path), { kind, replace, inputDiff: kind === "delete" });
    }
}

function stepInto(sides: Sides, key: string): Sides {
    const field = (side: unknown): unknown => (isProps(side) && key in side ? side[key] : MISSING);
    return { old: field(sides.old), newInput: field(sides.newInput), oldInput: field(sides.oldInput) };
}

function itemAt(side: unknown, index: number): unknown {
    return Array.isArray(side) && index < side.length ? side[index] : null;
}

/** A path as the engine writes it: dots, `[0]` for items, `["a.b"]` for keys with special characters. */
export function propertyPath(path: Path): string {
    let result = "";
    for (const step of path) {
        if (typeof step === "number") result += `[${step}]`;
        else if (/[."[\]]/.test(step)) result += `["${step.replaceAll('"', '\\"')}"]`;
        else result += result ? `.${step}` : step;
    }
    return result;
}

/** The steps of a property path; `*` stands for any. */
export function parsePropertyPath(path: string): (string | number)[] {
    const steps: (string | number)[] = [];
    for (const match of path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|\[\*\]|([^.[\]]+)/g)) {
        if (match[1] !== undefined) steps.push(match[1].replaceAll('\\"', '"'));
        else if (match[2] !== undefined) steps.push(Number(match[2]));
        else steps.push(match[3] ?? "*");
    }
    return steps;
}

/** Whether everything at the second path lies at or below the first. */
export function contains(outer: Path, inner: Path): boolean {
    return outer.length <= inner.length && outer.every((step, index) => step === "*" || step === inner[index]);
}
