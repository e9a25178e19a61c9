import { describe, expect, it } from "vitest";
import { z } from "zod";
import { UserError } from "@istio-on-pulumi/kube";
import { loadSettings } from "../../../config";
import { type Leaf, LEAVES } from "../../../config/tree";
import { expectSentence } from "../../support/sentence";
import { configurationOf } from "../../support/settings";

/*
 * Made from the schema: a new setting is tried in each of these ways without a word here. Which values of a text are
 * refused, setting by setting, stands in tests/unit/config/load.test.ts.
 */

const PROJECT = "istio-on-pulumi";

const problemOf = (values: Readonly<Record<string, unknown>>): unknown => {
    try {
        loadSettings(configurationOf(values), PROJECT);
    } catch (error) {
        return error;
    }
    return undefined;
};

type Schema = z.core.JSONSchema.BaseSchema;
const schemaOf = ({ type }: Leaf): Schema =>
    z.toJSONSchema(type, { io: "input", unrepresentable: "any", override: () => undefined });
/** The schema and, where one of several is allowed, each of these. */
const partsOf = (schema: Schema): Schema[] => [schema, ...(schema.anyOf ?? []).flatMap((each) => partsOf(each))];
const has = (leaf: Leaf, ...types: string[]) =>
    partsOf(schemaOf(leaf)).some(({ type }) => types.includes(String(type)));

/** Values of every type but those that the setting takes; a key without a group is handed over as text, always. */
function wrongTypes(leaf: Leaf): unknown[] {
    if (!leaf.path.includes(".")) return [];
    const isNumber = has(leaf, "integer", "number");
    return [
        ...(has(leaf, "object") ? ["plain text", ["a", "list"]] : [{ an: { object: 1 } }]),
        ...(has(leaf, "array") ? ["plain text"] : [["a", "list", { of: "things" }]]),
        ...(isNumber || has(leaf, "boolean") ? ["many"] : []),
        ...(isNumber ? [true] : []),
        ...(has(leaf, "boolean") ? [1, "yes", "True"] : []),
    ];
}

/** One below the least and one above the most of a number; a word too long of a text that has a limit. */
function outOfRange(leaf: Leaf): unknown[] {
    return partsOf(schemaOf(leaf)).flatMap(({ minimum, maximum, maxLength }) => [
        ...(minimum === undefined ? [] : [minimum - 1]),
        ...(maximum === undefined ? [] : [maximum + 1]),
        ...(maxLength === undefined ? [] : ["a".repeat(maxLength + 1)]),
    ]);
}

/** Words that are none of a setting's few, and a key of the same letters. */
function unknownWords(leaf: Leaf): unknown[] {
    const words = partsOf(schemaOf(leaf)).flatMap((part) => part.enum ?? []);
    return words
        .flatMap((word) => [`${String(word)}x`, String(word).toUpperCase()])
        .filter((each) => !words.includes(each));
}

const triedWith = (values: (leaf: Leaf) => unknown[]) =>
    LEAVES.flatMap((leaf) => values(leaf).map((value) => [leaf.path, value, leaf] as const));

describe.each([
    ["of another type", wrongTypes],
    ["out of its range", outOfRange],
    ["that is none of the words", unknownWords],
])("a value %s is refused", (_, values) => {
    it.each(triedWith(values))("%s = %j", (path, value, { facts }) => {
        const failure = problemOf({ [path]: value });
        expect(failure).toBeInstanceOf(UserError);
        expectSentence(
            failure,
            `${PROJECT}:${path} is ${facts.isSecret ? "not what is allowed" : JSON.stringify(value)}`,
            `allowed: ${facts.allowed}`,
            new RegExp(`pulumi config set (--secret )?(--path )?${path} <value>$`),
        );
    });
});

describe("an empty value", () => {
    it.each(LEAVES.map((leaf) => [leaf.path, leaf] as const))(
        "of %s is what its documentation says",
        (path, { facts }) => {
            const failure = problemOf({ [path]: "" });
            if (/, or empty$/.test(facts.allowed) || path === "inspection.privateKey") expect(failure).toBeUndefined();
            else expectSentence(failure, `${PROJECT}:${path} is ""; allowed: ${facts.allowed}`);
        },
    );
});

/** The last key with a slip of the pen: a letter too many, one missing, two swapped. */
function misspelt(path: string): string[] {
    const [middle, end] = [path.length - 3, path.length];
    const swapped = path.slice(0, end - 2) + path[end - 1]! + path[end - 2]!;
    return [`${path}s`, path.slice(0, middle) + path.slice(middle + 1), swapped].filter(
        (each) => !LEAVES.some((leaf) => leaf.path.toLowerCase() === each.toLowerCase()),
    );
}

describe("a key with a slip of the pen is answered with the one that was meant", () => {
    it.each(LEAVES.flatMap(({ path }) => misspelt(path).map((slip) => [slip, path] as const)))(
        "%s: %s",
        (slip, path) => {
            const failure = problemOf({ [slip]: "x" });
            expectSentence(
                failure,
                `${PROJECT}:${slip} is no setting of this project`,
                /Remove it with: pulumi config rm /,
            );
            // Of two that are as near, either may be meant.
            expect((failure as Error).message).toMatch(/did you mean [\w.]+\?|is [\w.]+ now/);
            expect(path).not.toBe(slip);
        },
    );
});
