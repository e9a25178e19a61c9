import fc from "fast-check";

/** Bits that the formats of rules and metrics know, and some that none does. */
const PIECES = [
    ..."\"\\'[]{}:*#-!\n\r\t\0 ",
    ...["COMMIT", "*nat", ":X - [0:0]", "-A ", "KUBE-SVC-", "-j", "{}", "null", "999999999999999999999", "\uD800", "é"],
];

/** A text that something happened to: pieces cut out, doubled, overwritten, or put in. */
export function mutated(seeds: readonly string[]): fc.Arbitrary<string> {
    const change = fc.record({
        at: fc.double({ min: 0, max: 1, noNaN: true }),
        length: fc.nat(40),
        piece: fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 8 })),
        kind: fc.constantFrom("cut", "double", "overwrite", "insert", "end"),
    });
    return fc.tuple(fc.constantFrom(...seeds), fc.array(change, { maxLength: 6 })).map(([seed, changes]) => {
        let text = seed;
        for (const { at, length, piece, kind } of changes) {
            const from = Math.floor(at * text.length);
            const [before, here, after] = [
                text.slice(0, from),
                text.slice(from, from + length),
                text.slice(from + length),
            ];
            if (kind === "cut") text = before + after;
            else if (kind === "double") text = before + here + here + after;
            else if (kind === "overwrite") text = before + piece + after;
            else if (kind === "insert") text = before + piece + here + after;
            else text = before;
        }
        return text;
    });
}
