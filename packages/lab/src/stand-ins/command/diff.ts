import { isDeepStrictEqual as equal } from "node:util";
import { isProps, type Props, reveal } from "../rpc/values";

export interface Change {
    kind: "add" | "delete" | "update";
    replace: boolean;
}

/** Compares inputs by property path. A list of triggers that comes or goes replaces; the SDK sees to changed ones. */
export function diffInputs(oldInputs: Props, news: Props, ignoreChanges: string[]): Map<string, Change> {
    const changes = new Map<string, Change>();
    const wanted: Props = { ...news };
    for (const name of ignoreChanges) if (name in oldInputs) wanted[name] = oldInputs[name];
    compare("", reveal(oldInputs), reveal(wanted), changes);
    return changes;
}

function compare(path: string, before: unknown, after: unknown, changes: Map<string, Change>): void {
    if (equal(before, after)) return;
    const add = (kind: Change["kind"]): void => void changes.set(path, { kind, replace: path === "triggers" });
    if (before === undefined) add("add");
    else if (after === undefined) add("delete");
    else if (isProps(before) && isProps(after)) {
        for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
            compare(path ? `${path}${step(key)}` : key, before[key], after[key], changes);
        }
    } else if (Array.isArray(before) && Array.isArray(after)) {
        for (let index = 0; index < Math.max(before.length, after.length); index += 1) {
            compare(`${path}[${index}]`, before[index], after[index], changes);
        }
    } else add("update");
}

function step(key: string): string {
    return /[."[\]]/.test(key) ? `["${key.replaceAll('"', '\\"')}"]` : `.${key}`;
}
