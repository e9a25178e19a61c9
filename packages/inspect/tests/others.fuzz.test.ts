import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UserError } from "@istio-on-pulumi/kube";
import { parseSave, readNat } from "../src/nat";
import { unpack } from "../src/rules/packed";
import { hopsBetween, readRequestCounts } from "../src/traffic/metrics";
import { mutated } from "../testing/mutation";

/* What others wrote is read, or refused by a sentence; nothing else is thrown, and nothing takes long. */

const GOLDEN = join(__dirname, "../testing/golden");
const RULES = readdirSync(GOLDEN)
    .filter((name) => name.startsWith("rules-"))
    .map((name) => readFileSync(join(GOLDEN, name), "utf8"));
/** In milliseconds, for one text; a parser that goes back and forth over it takes far longer. */
const LONGEST = 2_000;

function readOrRefused<T>(read: () => T): T | undefined {
    const begun = performance.now();
    try {
        return read();
    } catch (error) {
        if (!(error instanceof UserError)) throw error;
        expect(error.message).not.toContain("\n");
        return undefined;
    } finally {
        expect(performance.now() - begun).toBeLessThan(LONGEST);
    }
}

const nat = (text: string) => readNat(parseSave(text, "the rules"));

describe("rules", () => {
    it("that were damaged are read as far as they go, or refused", () => {
        fc.assert(fc.property(mutated(RULES), (text) => void readOrRefused(() => nat(text))));
    });

    it("of any text are refused", () => {
        fc.assert(
            fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => void readOrRefused(() => nat(text))),
        );
    });

    it("in any JSON that nft might print are read, or refused", () => {
        const leaf = fc.oneof(
            fc.string({ maxLength: 8 }),
            fc.integer(),
            fc.constantFrom(null, true, "ip", "nat", "KUBE-SERVICES", "kube-proxy"),
        );
        const { value } = fc.letrec<{ value: unknown }>((tie) => ({
            value: fc.oneof(
                { depthSize: "small" },
                leaf,
                fc.array(tie("value"), { maxLength: 4 }),
                fc.dictionary(
                    fc.constantFrom(
                        ..."match payload left right op jump target dnat addr port elem val set map vmap key data concat prefix len meta fib flags numgen mod range counter comment reject mangle value".split(
                            " ",
                        ),
                    ),
                    tie("value"),
                    { maxKeys: 3 },
                ),
            ),
        }));
        const name = fc.constantFrom(
            "kube-proxy",
            "services",
            "service-ips",
            "endpoint-a",
            "nat-prerouting",
            "KUBE-SVC-X",
        );
        const part = fc.record({
            family: fc.constantFrom("ip", "ip6", "inet"),
            table: name,
            name,
            chain: name,
            expr: value,
            elem: value,
            type: value,
            hook: value,
            timeout: value,
        });
        const object = fc
            .tuple(fc.constantFrom("table", "chain", "rule", "set", "map", "metainfo", "x"), fc.oneof(part, value))
            .map(([kind, given]) => ({ [kind]: given }));
        const ruleset = fc.record({ nftables: fc.oneof(fc.array(object, { maxLength: 8 }), value) });
        fc.assert(
            fc.property(fc.oneof(ruleset, value), (json) => void readOrRefused(() => nat(JSON.stringify(json) ?? ""))),
        );
    });

    it("that were packed and damaged are unpacked, or refused", () => {
        const packed = "# rules of cp\n# rules of 10.0.0.1\n*nat\nCOMMIT\n";
        const seeds = [packed, "H4sIAAAAAAAAA1NWKCrNSS1WyE9TSC7gAgDNdhUKDwAAAA==", ...RULES.slice(0, 1)];
        fc.assert(fc.property(mutated(seeds), (text) => void readOrRefused(() => unpack(text, "in a file"))));
    });
});

describe("metrics", () => {
    const label = (name: string, value: string) =>
        `${name}="${value.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`;
    const series = (from: string, to: string, count: number) =>
        `istio_requests_total{${[label("reporter", "destination"), label("source_workload", from), label("destination_workload", to)].join(",")}} ${count}`;

    it("that were damaged are read as far as they go", () => {
        const seed = ["# TYPE istio_requests_total counter", series("a", "b", 3), series('q"\\', "ü", 7), ""].join(
            "\n",
        );
        fc.assert(
            fc.property(mutated([seed]), mutated([seed]), (one, other) => {
                for (const { requests } of readOrRefused(() =>
                    hopsBetween(readRequestCounts(one), readRequestCounts(other)),
                ) ?? [])
                    expect(requests).toBeGreaterThan(0);
            }),
        );
    });

    it("say whatever names they were written with", () => {
        const name = fc
            .string({ unit: "grapheme", minLength: 1, maxLength: 10 })
            .filter((text) => text !== "unknown" && !/[\n\r]/.test(text));
        fc.assert(
            fc.property(name, name, fc.integer({ min: 1, max: 2 ** 31 }), (from, to, count) => {
                const [hop] = hopsBetween(new Map(), readRequestCounts(series(from, to, count)));
                expect(hop).toMatchObject({ from, to, requests: count });
            }),
        );
    });
});
