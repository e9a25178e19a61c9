import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatRule, type Option, parseRule } from "../../src/nat";

/** Anything that can stand in a value: quotes, backslashes, dashes, exclamation marks, spaces and other scripts. */
const character = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(..."abcXYZ019-_./:,*") },
    fc.constantFrom(..."\"'\\! \t{}[]#=>"),
    fc.constantFrom("é", "한", "→"),
);
const text = fc.string({ unit: character, maxLength: 12 });
const word = fc.string({ unit: fc.constantFrom(..."abcXYZ019_./:,*"), minLength: 1, maxLength: 12 });
const name = fc.stringMatching(/^(--x[a-z0-9-]{0,10}|-[XYZ])$/);
const address = fc.oneof(
    fc.ipV4().map((ip) => `${ip}/32`),
    fc.ipV6().map((ip) => `${ip}/128`),
    fc.constant("10.244.0.0/16"),
);
const port = fc.integer({ min: 1, max: 65_535 });

const one = (option: string, value: fc.Arbitrary<string>, negatable = false) =>
    fc.record({
        name: fc.constant(option),
        negated: negatable ? fc.boolean() : fc.constant(false),
        values: value.map((only) => [only]),
    });
const flag = (option: string) => fc.constant({ name: option, negated: false, values: [] as string[] });

/** Options whose meaning is known, one that nobody knows, and matches with several values. */
const option: fc.Arbitrary<Option> = fc.oneof(
    one("-s", address, true),
    one("-d", address, true),
    one("-p", fc.constantFrom("tcp", "udp", "sctp")),
    one("-i", word, true),
    one("-m", word),
    one("-j", fc.constantFrom("DNAT", "KUBE-SEP-ABCDEFGHIJKLMNOP", "REJECT", "MARK")),
    one("--comment", text),
    one("--log-prefix", text),
    one("--dport", port.map(String), true),
    one(
        "--to-destination",
        fc.tuple(fc.ipV4(), port).map(([ip, number]) => `${ip}:${number}`),
    ),
    one(
        "--probability",
        fc.double({ min: 0, max: 1, noNaN: true }).map((chance) => chance.toFixed(11)),
    ),
    one("--mark", fc.constant("0x4000/0x4000"), true),
    flag("--rcheck"),
    flag("--random-fully"),
    fc.record({
        name: fc.constant("--match-set"),
        negated: fc.boolean(),
        values: fc.tuple(word, fc.constantFrom("src", "dst", "src,dst")).map((both) => [...both]),
    }),
    fc.record({ name, negated: fc.boolean(), values: fc.array(text, { maxLength: 3 }) }),
);

const rule = fc.record({
    chain: fc.stringMatching(/^[A-Z][A-Z0-9-]{0,27}$/),
    options: fc.array(option, { maxLength: 8 }),
    counters: fc.option(fc.record({ packets: fc.nat(), bytes: fc.nat() }), { nil: undefined }),
});

/**
 * `-m`, given no value, would take the next option's name as its value: only iptables' own output is promised to be
 * read.
 */
const complete = ({ options }: { options: Option[] }) =>
    options.every(({ name: of, values }) => values.length > 0 || !TAKES_ONE.has(of));
const TAKES_ONE = new Set(["-s", "-d", "-p", "-i", "-o", "-m", "-j", "-g"]);

describe("a rule", () => {
    it("is read as it was written, whatever stands in its values", () => {
        fc.assert(
            fc.property(rule.filter(complete), (written) => {
                const read = parseRule(formatRule(written), 7);
                expect({ chain: read?.chain, options: read?.options, counters: read?.counters }).toEqual(written);
                expect(read?.line).toBe(7);
            }),
            { numRuns: 2000 },
        );
    });

    it("is written as it was read, so that nothing of it is lost", () => {
        fc.assert(
            fc.property(rule.filter(complete), (written) => {
                const line = formatRule(written);
                expect(formatRule(parseRule(line)!)).toBe(line);
            }),
            { numRuns: 2000 },
        );
    });

    it("keeps its own text without counters, as a slice of the line", () => {
        fc.assert(
            fc.property(rule.filter(complete), (written) => {
                expect(parseRule(formatRule(written))!.text).toBe(
                    formatRule({ chain: written.chain, options: written.options }),
                );
            }),
        );
    });

    it("never fails on any line, and is only what begins with -A and a chain", () => {
        fc.assert(
            fc.property(
                fc.oneof(
                    text,
                    text.map((rest) => `-A ${rest}`),
                    text.map((rest) => `[1:2] -A X ${rest}`),
                ),
                (line) => {
                    const read = parseRule(line);
                    expect(read !== undefined).toBe(/^(\[\d+:\d+\] )?-A [ \t]*[^ \t]/.test(line));
                },
            ),
            { numRuns: 2000 },
        );
    });

    it.each([
        ['-A X -m comment --comment "a \\"b\\" \\\\ \\\'c\\\'" -j DNAT', "--comment", ["a \"b\" \\ 'c'"]],
        ["-A X -m comment --comment -dash -j DNAT", "--comment", ["-dash"]],
        [
            "-A X -m nfacct --nfacct-name  localhost_nps_accepted_pkts -j DNAT",
            "--nfacct-name",
            ["localhost_nps_accepted_pkts"],
        ],
        ["-A X -m set --match-set sources src -j DNAT", "--match-set", ["sources", "src"]],
        ["-A X -j DNAT [unsupported revision]", "-j", ["DNAT", "[unsupported", "revision]"]],
        ["-A X -m mark --mark ! 0x4000/0x4000 -j RETURN", "--mark", ["!", "0x4000/0x4000"]],
    ])("%s: %s is %j", (line, of, values) => {
        expect(parseRule(line)!.options.find((each) => each.name === of)).toEqual({ name: of, negated: false, values });
    });

    it("tells what is negated from what is not", () => {
        const { options } = parseRule(
            "-A KUBE-SVC-X ! -s 10.244.0.0/16 -d 10.96.0.1/32 -m mark ! --mark 0x4000/0x4000 -j KUBE-MARK-MASQ",
        )!;
        expect(options.filter(({ negated }) => negated).map((each) => each.name)).toEqual(["-s", "--mark"]);
    });
});
