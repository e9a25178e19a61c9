import { describe, expect, it } from "vitest";
import { note, problem } from "../../src/finding";
import { joinServices } from "../../src/join";
import { parseSave, readNat } from "../../src/nat";
import { type MeshReport, type NatReport, SECTIONS } from "../../src/report";
import { natTable, natTraces } from "../../src/text/nat";
import { findingsText, reportText } from "../../src/text/report";
import { makeStyle, table, wantsColours } from "../../src/text/table";
import { mesh, meshRules } from "../../testing/mesh";
import { pattern } from "../../testing/pattern";
import { report } from "../../testing/report";

const plain = makeStyle(false);

function nat(edit: (rules: string) => string = (same) => same): NatReport {
    const reading = readNat(parseSave(edit(meshRules())));
    const { paths } = joinServices(reading, mesh());
    return {
        source: "the rules of this machine",
        node: "node-1",
        families: reading.models.map(({ family, mode, backend, services, masquerading, foreign, unreferenced }) => ({
            family,
            mode,
            backend,
            services: services.length,
            masquerading,
            hooks: [],
            unreferenced: unreferenced.map(({ name, rules }) => ({
                chain: name,
                rules: rules.map(({ text }) => text),
            })),
            foreign: foreign.map(({ table: of, rule }) => ({ table: of, chain: rule.chain, text: rule.text })),
        })),
        warnings: reading.warnings,
        unreadable: reading.unreadable,
        paths,
    };
}

describe("a table", () => {
    it("has columns as wide as their texts, leaves empty columns out, and no spaces at the end", () => {
        expect(
            table(
                ["A", "EMPTY", "LONG"],
                [
                    ["one", "", "x"],
                    ["two two", "", "yy"],
                ],
                plain,
            ),
        ).toBe("A        LONG\none      x\ntwo two  yy");
    });

    it("counts no colours into its widths", () => {
        const coloured = table(["A", "B"], [[{ text: "x", paint: makeStyle(true).bad }, "y"]], makeStyle(true));
        expect(coloured.replace(/\u001b\[\d+m/g, "")).toBe("A  B\nx  y");
        expect(coloured).toContain("\u001b[31mx");
    });

    it("has colours on a terminal, unless the user wants none", () => {
        expect([
            wantsColours({}, true),
            wantsColours({}, false),
            wantsColours({ NO_COLOR: "1" }, true),
            wantsColours({ FORCE_COLOR: "1" }, false),
        ]).toEqual([true, false, false, true]);
    });
});

describe("the chains as text", () => {
    it("are a line an endpoint", () => {
        const lines = natTable(nat(), plain).split("\n");
        expect(lines.slice(0, 2)).toEqual([
            "The rules of this machine, node node-1",
            "IPv4 (nft): 2 Service ports, KUBE-MARK-MASQ sets 0x4000 and what carries it is masqueraded",
        ]);
        expect(lines[3]).toMatch(/^SERVICE PORT +REACHED AT +CHAIN +ENDPOINT CHAIN +SHARE +DNAT TO +POD$/);
        expect(lines.filter((line) => line.includes("33.3 %"))).toHaveLength(3);
        expect(lines[5]).toMatch(
            pattern(
                /^shop\/reviews:http +10\.96\.0\.10:9080 +KUBE-SVC-\w{16} +KUBE-SEP-\w{16} +33\.3 /,
                /% +10\.244\.0\.2:9080 +reviews-v1 \(container app\)$/,
            ),
        );
    });

    it("of one Service are followed step by step", () => {
        const { paths, ...rest } = nat();
        const text = natTraces({ ...rest, paths: paths.slice(1) }, plain);
        expect(text).toMatch(
            pattern(
                /shop\/reviews:http {2}ClusterIP, TCP, IPv4, target port 9080\n {2}cluster IP 10\.96\.0\.10:9080 -> /,
                /(KUBE-SVC-\w{16})\n {2}\1\n {4}masquerade from outside 10\.244\.0\.0\/16 \(KUBE-MARK-MASQ, MARK or /,
                /0x4000\)\n/,
            ),
        );
        expect(text).toMatch(
            /33\.3 % {2}0\.33333333349 {2}KUBE-SEP-\w{16} {2}10\.244\.0\.2:9080 {2}v1 +reviews-v1 \(container app\)/,
        );
        expect(text).toMatch(/33\.3 % {2}the rest +KUBE-SEP/);
    });

    it("show rules that nobody knows as they stand", () => {
        const text = natTable(
            nat(
                (rules) =>
                    rules.replace(
                        "*nat\n",
                        "*nat\n:KUBE-SEP-LEFTAAAAAAAAAAAA - [0:0]\n-A KUBE-SEP-LEFTAAAAAAAAAAAA -j DNAT\n-A PREROUTING -m unheard --of " +
                            "it -j BEYOND\n",
                    ) + "stray\n",
            ),
            plain,
        );
        expect(text).toContain(
            "RULES THAT ARE NOT KUBE-PROXY'S, AS THEY STAND\n  IPv4 nat  -A PREROUTING -m unheard --of it -j " +
                "BEYOND\n  line ",
        );
        expect(text).toContain(
            "  stray\n\nCHAINS THAT NOTHING LEADS TO\n  IPv4  KUBE-SEP-LEFTAAAAAAAAAAAA\n    -A KUBE-SEP-LEFTAAAAAAAAAAAA -j DNAT",
        );
    });
});

describe("findings as text", () => {
    it("are a sentence each, and their number", () => {
        expect(findingsText([problem("a", "b", "One is wrong."), note("a", "b", "Worth a note.")], plain)).toBe(
            "problem  One is wrong.\nnote     Worth a note.\n\n1 problem, 1 note.",
        );
        expect(findingsText([], plain)).toBe("Nothing is wrong.");
    });
});

describe("what goes to a terminal", () => {
    const ESCAPE = "\u001b]0;title\u0007\u001b[2J\u009b31m\u202e\u200f";
    const ESCAPED = JSON.stringify(ESCAPE).slice(1, -1);

    it.each(SECTIONS)("holds no control characters of the cluster's: %s", (section) => {
        const { nat: reading, ...rest } = report({ findings: [problem("x", "y", `A sentence.${ESCAPE}`)], ok: false });
        const foreign = [{ table: "nat", chain: "X", text: `-A X -j Y${ESCAPE}` }];
        const families = reading!.families.map((family) => ({ ...family, foreign }));
        const hostile = JSON.parse(
            JSON.stringify({ ...rest, nat: { ...reading, families } }).replaceAll("reviews", `rev${ESCAPED}iews`),
        ) as MeshReport;
        const text = reportText(hostile, section, plain, { verbose: true });
        expect(text).not.toMatch(/[^\n\P{Cc}]|\p{Bidi_Control}/u);
        expect(text).toContain("A sentence.\ufffd]0;title\ufffd\ufffd[2J\ufffd31m\ufffd");
    });
});

describe("a table", () => {
    it("counts the columns of wide letters, and leaves colours out of the count", () => {
        const red = { text: "red", paint: makeStyle(true).bad };
        expect(
            table(
                ["NAME", "VALUE"],
                [
                    ["\u65e5\u672c\u8a9e", "x"],
                    [red, "y"],
                ],
                plain,
            ).split("\n"),
        ).toEqual(["NAME    VALUE", "\u65e5\u672c\u8a9e  x", "\u001b[31mred\u001b[39m     y"]);
    });

    it("of a cluster with ten thousand Services is there at once", () => {
        const rows = Array.from({ length: 13_000 }, (_, at) => [`shop/reviews-${at}`, "10.96.0.1:80", "33.3 %"]);
        const start = performance.now();
        expect(table(["SERVICE", "REACHED AT", "SHARE"], rows, plain).split("\n")).toHaveLength(13_001);
        expect(performance.now() - start).toBeLessThan(5_000);
    });
});
