import { describe, expect, it } from "vitest";
import { matches } from "../../src/mesh/selector";

describe("a label selector", () => {
    const labels = { app: "reviews", version: "v1" };
    const expression = (key: string, operator: string, values?: string[]) =>
        matches({ matchExpressions: [{ key, operator, values }] }, labels);

    it("matches everything where it is absent or empty", () => {
        expect([matches(undefined, labels), matches({}, labels)]).toEqual([true, true]);
    });

    it("wants each of its labels", () => {
        expect(matches({ matchLabels: { app: "reviews" } }, labels)).toBe(true);
        expect(matches({ matchLabels: { app: "reviews", version: "v2" } }, labels)).toBe(false);
    });

    it.each([
        ["app", "In", ["reviews"], true],
        ["app", "In", ["details"], false],
        ["tier", "In", ["reviews"], false],
        ["app", "NotIn", ["reviews"], false],
        ["app", "NotIn", ["details"], true],
        ["tier", "NotIn", ["reviews"], true],
        ["app", "Exists", undefined, true],
        ["tier", "Exists", undefined, false],
        ["app", "DoesNotExist", undefined, false],
        ["tier", "DoesNotExist", undefined, true],
        ["app", "Unheard", ["reviews"], false],
    ])("%s %s %j is %s", (key, operator, values, expected) => {
        expect(expression(key, operator, values)).toBe(expected);
    });
});
