import { readdirSync, readFileSync } from "node:fs";

/** Pids of all that a process has started, and what that has, as far as it still runs. */
export function descendants(root: number): number[] {
    const children = new Map<number, number[]>();
    for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
        const parent = parentOf(name);
        if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    }
    const below = (pid: number): number[] => (children.get(pid) ?? []).flatMap((child) => [child, ...below(child)]);
    return below(root);
}

function parentOf(pid: string): number | undefined {
    const stat = aboutProcess(pid, "stat");
    // The program's name, in brackets, may have spaces in it.
    return stat === "" ? undefined : Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

/** A file of `/proc` about a process; empty where it has ended meanwhile. */
export function aboutProcess(pid: number | string, file: string): string {
    try {
        return readFileSync(`/proc/${pid}/${file}`, "utf8");
    } catch {
        return "";
    }
}
