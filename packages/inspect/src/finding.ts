/**
 * What an inspection has to say beside its data. A `problem` is not as it should be and makes a command exit with 1;
 * a `note` is worth knowing and changes no exit code.
 */
export interface Finding {
    readonly severity: "problem" | "note";
    /** Stable name for programs, such as `nat/stale-endpoint`. */
    readonly code: string;
    /** The object or chain that it is about, such as `istio-sample/reviews:http`. */
    readonly subject: string;
    /** One sentence: what is wrong, where, and what to do. */
    readonly message: string;
}

export const problem = (code: string, subject: string, message: string): Finding => ({
    severity: "problem",
    code,
    subject,
    message,
});
export const note = (code: string, subject: string, message: string): Finding => ({
    severity: "note",
    code,
    subject,
    message,
});

export const problemsOf = (findings: readonly Finding[]): Finding[] =>
    findings.filter(({ severity }) => severity === "problem");

/** Problems first, else as found; the same sentence once. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
    const once = [...new Map(findings.map((finding) => [`${finding.code} ${finding.message}`, finding])).values()];
    return [
        ...once.filter(({ severity }) => severity === "problem"),
        ...once.filter(({ severity }) => severity === "note"),
    ];
}

/** `a`, `a and b`, `a, b and c`, or `a, b, c and 7 more`. */
export function listed(names: readonly string[], most = 4): string {
    if (names.length > most) return `${names.slice(0, most - 1).join(", ")} and ${names.length - most + 1} more`;
    return names.length < 2 ? (names[0] ?? "none") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** `1 pod`, `2 pods`, `no pods`. */
export const counted = (count: number, noun: string, plural = `${noun}s`): string =>
    `${count === 0 ? "no" : count} ${count === 1 ? noun : plural}`;

/** What somebody else says, as the inside of a sentence: on one line, without a full stop. */
export const sentenceInside = (text: string): string => text.trim().replace(/\s+/g, " ").replace(/\.$/, "");
