/** What moves a terminal's cursor, changes its colours or turns the direction of writing. */
const CONTROL = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Plain data as it may go to a terminal: what names, values and messages of the cluster hold is never a command to it.
 * White space is a space, any other control character a replacement character.
 */
export function printable<T>(value: T): T {
    return cleaned(value) as T;
}

function cleaned(value: unknown): unknown {
    if (typeof value === "string") return value.replace(CONTROL, (letter) => (/\s/.test(letter) ? " " : "\ufffd"));
    if (Array.isArray(value)) return value.map(cleaned);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, cleaned(each)]));
}
