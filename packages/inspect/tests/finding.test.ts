import { describe, expect, it } from "vitest";
import { counted, listed, note, problem, sortFindings } from "../src/finding";

describe("findings", () => {
    it("stand with problems first, and each once", () => {
        const sorted = sortFindings([
            note("a", "x", "one"),
            problem("b", "x", "two"),
            note("a", "x", "one"),
            problem("b", "y", "three"),
        ]);
        expect(sorted.map(({ message }) => message)).toEqual(["two", "three", "one"]);
    });
});

describe("lists and counts in sentences", () => {
    it.each<[string[], string]>([
        [[], "none"],
        [["a"], "a"],
        [["a", "b"], "a and b"],
        [["a", "b", "c", "d"], "a, b, c and d"],
        [["a", "b", "c", "d", "e"], "a, b, c and 2 more"],
    ])("%j is %s", (names, text) => {
        expect(listed(names)).toBe(text);
    });

    it.each([
        [0, "no proxies"],
        [1, "1 proxy"],
        [2, "2 proxies"],
    ])("%d is %s", (count, text) => {
        expect(counted(count, "proxy", "proxies")).toBe(text);
    });
});
