/**
 * Words of a saved rule; `quoted` tells a quoted `"-x"` (a value) from an option `-x`, and is absent where no word
 * was quoted.
 */
export interface Words {
    readonly text: readonly string[];
    readonly quoted?: ReadonlySet<number>;
}

/** Characters that xtables prints without quotes in a string. */
const PLAIN_STRING = /^[_\-0-9A-Za-z]+$/;
/** What iptables-restore would not read back as one unquoted word. */
const NEEDS_QUOTES = /[\s"\\]|^$/;
const SPACE = 32;
const TAB = 9;
const QUOTE = 34;

/**
 * Splits a line as `iptables-restore` does: words end at spaces, double quotes keep them together,
 * and inside quotes a backslash takes the next character as it is.
 */
export function splitWords(line: string): Words {
    const text: string[] = [];
    let quoted: Set<number> | undefined;
    let at = 0;
    while (at < line.length) {
        const code = line.charCodeAt(at);
        if (code === SPACE || code === TAB) {
            at++;
        } else if (code === QUOTE) {
            const [word, end] = readQuoted(line, at + 1);
            (quoted ??= new Set()).add(text.length);
            text.push(word);
            at = end;
        } else {
            let end = line.indexOf(" ", at);
            if (end < 0) end = line.length;
            const word = line.slice(at, end);
            const tab = word.indexOf("\t");
            text.push(tab < 0 ? word : word.slice(0, tab));
            at = tab < 0 ? end : at + tab;
        }
    }
    return quoted ? { text, quoted } : { text };
}

/** The text up to the closing quote and the place after it; a quote that never closes ends with the line. */
function readQuoted(line: string, from: number): [string, number] {
    const end = line.indexOf('"', from);
    const escape = line.indexOf("\\", from);
    if (end >= 0 && (escape < 0 || escape > end)) {
        return [line.slice(from, end), end + 1];
    }
    let text = "";
    let at = from;
    while (at < line.length && line[at] !== '"') {
        if (line[at] === "\\" && at + 1 < line.length) at++;
        text += line[at]!;
        at++;
    }
    return [text, at + 1];
}

/** A free text as `iptables-save` prints it: quoted unless it is letters, digits, `_` and `-` only. */
export const quoteString = (text: string): string => (PLAIN_STRING.test(text) ? text : quote(text));

/** Any other value: quoted only where it would not be read back as one word. */
export const quoteIfNeeded = (text: string): string => (NEEDS_QUOTES.test(text) ? quote(text) : text);

export const quote = (text: string): string => `"${text.replace(/["\\']/g, "\\$&")}"`;
