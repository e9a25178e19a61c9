/** Kubernetes objects as the plugin handles them: plain trees in which an unknown may stand for any value. */
import { Unknown, isProps, type Props } from "../../rpc/values";

export type Tree = Props;

/** The value at a path, undefined when a step is missing or no object. */
export function at(tree: unknown, ...path: string[]): unknown {
    let value = tree;
    for (const key of path) {
        if (!isProps(value)) return undefined;
        value = value[key];
    }
    return value;
}

/** The string at a path; empty when there is none. */
export function text(tree: unknown, ...path: string[]): string {
    const value = at(tree, ...path);
    return typeof value === "string" ? value : "";
}

/** The number at a path, undefined when there is none. */
export function number(tree: unknown, ...path: string[]): number | undefined {
    const value = at(tree, ...path);
    return typeof value === "number" ? value : undefined;
}

/** The list at a path; empty when there is none. */
export function list(tree: unknown, ...path: string[]): unknown[] {
    const value = at(tree, ...path);
    return Array.isArray(value) ? value : [];
}

/** The object at a path; empty when there is none. */
export function branch(tree: unknown, ...path: string[]): Tree {
    const value = at(tree, ...path);
    return isProps(value) ? value : {};
}

/** Sets a value, making the objects on the way. Leaves the tree alone where something else stands on the way. */
export function setAt(tree: Tree, value: unknown, ...path: string[]): void {
    let parent = tree;
    for (const key of path.slice(0, -1)) {
        if (parent[key] === undefined || parent[key] === null) parent[key] = {};
        const next = parent[key];
        if (!isProps(next)) return;
        parent = next;
    }
    parent[path.at(-1) as string] = value;
}

/** Removes a value; nothing happens when it is not there. */
export function removeAt(tree: Tree, ...path: string[]): void {
    const parent = path.length === 1 ? tree : at(tree, ...path.slice(0, -1));
    if (isProps(parent)) delete parent[path.at(-1) as string];
}

/** A deep copy; unknowns keep their identity. */
export function clone<T>(value: T): T {
    if (Array.isArray(value)) return value.map(clone) as T;
    if (!isProps(value)) return value;
    const result: Props = {};
    for (const [key, item] of Object.entries(value)) result[key] = clone(item);
    return result as T;
}

/** Deep equality of trees. */
export function equal(a: unknown, b: unknown): boolean {
    if (a === b) return true;
    if (Array.isArray(a)) {
        return Array.isArray(b) && a.length === b.length && a.every((item, index) => equal(item, b[index]));
    }
    if (!isProps(a) || !isProps(b)) return a instanceof Unknown && b instanceof Unknown;
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((key) => key in b && equal(a[key], b[key]));
}

/** A copy in which every key is renamed by the table, at any depth. */
export function renameKeys(value: unknown, table: ReadonlyMap<string, string>): unknown {
    if (Array.isArray(value)) return value.map((item) => renameKeys(item, table));
    if (!isProps(value)) return value;
    const result: Props = {};
    for (const [key, item] of Object.entries(value)) result[table.get(key) ?? key] = renameKeys(item, table);
    return result;
}
