import type { Finding } from "../finding";

/** The group of checks on what an install needs. */
export const BEFORE = "before an install";

/** One thing that was looked at, and what was seen. */
export interface Check {
    /** Stable name for programs, such as `before/version`. */
    readonly id: string;
    readonly group: typeof BEFORE | "mesh" | "gateway" | "nat" | "endpoints";
    readonly title: string;
    readonly state: "ok" | "note" | "problem" | "skipped";
    /** What was seen, or why it was not looked at. */
    readonly seen: string;
    /** What it was seen by, a line each. */
    readonly details: readonly string[];
    readonly findings: readonly Finding[];
}

/** A check whose state follows from its findings. */
export function check(
    id: string,
    group: Check["group"],
    title: string,
    seen: string,
    findings: readonly Finding[] = [],
    details: readonly string[] = [],
): Check {
    const state = findings.some(({ severity }) => severity === "problem")
        ? "problem"
        : findings.length > 0
          ? "note"
          : "ok";
    return { id, group, title, state, seen, details, findings };
}

export const skipped = (id: string, group: Check["group"], title: string, why: string): Check => ({
    id,
    group,
    title,
    state: "skipped",
    seen: why,
    details: [],
    findings: [],
});
