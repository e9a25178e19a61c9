/**
 * What moves a terminal's cursor, changes its colours, ends its line or turns the direction of writing: control
 * characters, line and paragraph separators, and Unicode's bidirectional controls.
 */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/**
 * Plain data as it may go to a terminal: what names, values and messages of the cluster hold is never a command to it.
 * White space is a space, any other control character a replacement character.
 */
export function printable<T>(value: T): T {
    return cleaned(value) as T;
}

/** Several lines as they may go to a terminal. */
export const printableLines = (text: string): string => text.split("\n").map(printable).join("\n");

/** JSON that may go to a terminal and says the same: JSON itself escapes the ASCII controls alone. */
export function printableJson(value: unknown, indent?: number): string {
    return JSON.stringify(value, null, indent).replace(CONTROL, (letter) =>
        letter === "\n" ? letter : `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
}

function cleaned(value: unknown): unknown {
    if (typeof value === "string") return value.replace(CONTROL, (letter) => (/\s/.test(letter) ? " " : "\ufffd"));
    if (Array.isArray(value)) return value.map(cleaned);
    if (typeof value !== "object" || value === null || value instanceof Date) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [printable(key), cleaned(each)]));
}
