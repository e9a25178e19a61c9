import { describe, expect, it } from "vitest";
import { printable, printableJson, printableLines } from "../../src/text/printable";
import { watchRequests } from "../../src/text/progress";

/** Each kind of letter that a terminal obeys: ASCII and C1 controls, separators, and what turns the writing. */
const HOSTILE =
    "\u0000\u0007\u0008\u001b[2J\u007f\u0085\u009b31m\u2028\u2029" +
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069";
const OBEYED = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

describe("what may go to a terminal", () => {
    it("holds no control of it, wherever it stands in plain data", () => {
        const data = { [`key${HOSTILE}`]: [{ deep: `value${HOSTILE}` }], made: new Date(0), none: null, count: 1 };
        const clean = printable(data);
        expect(JSON.stringify(clean)).not.toMatch(OBEYED);
        expect(clean).toMatchObject({ made: new Date(0), none: null, count: 1 });
        expect(printable(`a\tb\nc${"\u001b"}d`)).toBe("a b c\ufffdd");
    });

    it("leaves other alphabets, and letters outside of the first plane, as they are", () => {
        expect(printable("Grüße 日本語 שלום 🚢")).toBe("Grüße 日本語 שלום 🚢");
    });

    it("keeps its lines where it has several", () => {
        expect(printableLines("Error: x\u001b[2J\n    at y")).toBe("Error: x\ufffd[2J\n    at y");
    });

    it("is JSON that says the same to a program", () => {
        const data = { message: `one${HOSTILE}\ntwo` };
        for (const indent of [undefined, 2]) {
            const text = printableJson(data, indent);
            expect(text.replaceAll("\n", "")).not.toMatch(OBEYED);
            expect(JSON.parse(text)).toEqual(data);
        }
        expect(printableJson(data, 2)).toMatch(/^\{\n {2}"message": /);
    });

    it("is what the progress names, too", () => {
        const written: string[] = [];
        const watch = watchRequests({ isTTY: true, write: (text) => written.push(text) }, false);
        watch.begin(`http://shop${HOSTILE}/`, 1);
        watch.end();
        expect(written[0]!.trimEnd()).not.toMatch(OBEYED);
    });
});
