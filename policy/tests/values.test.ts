import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matches } from "../stacks";
import { hasUnknown, settled, UNKNOWN } from "../values";
import { asEngineShows, UNKNOWN_TEXT } from "./judge";

const json = fc.jsonValue({ maxDepth: 4 }).filter((value) => typeof value === "object" && value !== null);

describe("settled", () => {
    it("is what is known, as it is", () => {
        fc.assert(
            fc.property(json, (value) => {
                expect(settled(asEngineShows(value))).toEqual(value);
            }),
        );
    });

    it("marks what is not known, and keeps all around it", () => {
        const value = { a: 1, b: [{ c: UNKNOWN_TEXT, d: "x" }], e: UNKNOWN_TEXT };
        expect(settled(asEngineShows(value))).toEqual({ a: 1, b: [{ c: UNKNOWN, d: "x" }], e: UNKNOWN });
        expect([hasUnknown(settled(asEngineShows(value))), hasUnknown({ a: [1] })]).toEqual([true, false]);
    });
});

describe("a pattern of stacks", () => {
    it("without a star is one name, with stars any text in their place", () => {
        fc.assert(
            fc.property(fc.string(), fc.string(), (one, other) => {
                const plain = one.replaceAll("*", "");
                expect(matches(plain, [plain])).toBe(true);
                expect(matches(other, [plain])).toBe(other === plain);
                expect(matches(`${plain}${other}`, [`${plain}*`])).toBe(true);
                expect(matches(`${other}${plain}`, [`*${plain}`])).toBe(true);
            }),
        );
    });
});
