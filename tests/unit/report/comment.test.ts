import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { COMMENT_LIMIT, merge, partIn } from "../../../report/comment";
import type { Level } from "../../../report/model";
import type { Report, ReportedChange } from "../../../report/report";
import { reportIn, workload } from "../../support/engine-events";

const change = (title: string, level: Level, patch = "-a\n+b\n"): ReportedChange => ({
    title,
    urn: title,
    verb: "update",
    level,
    fields: ["a"],
    because: [],
    writers: [],
    patch,
});
const report = (stack: string, changes: readonly ReportedChange[] = [], more: Partial<Report> = {}): Report => ({
    stack,
    kind: "preview",
    headline: `does ${changes.length} things`,
    level: "caution",
    counts: { created: 0, updated: changes.length, replaced: 0, deleted: 0, unchanged: 7 },
    digest: "0123456789abcdef0123",
    refusals: [],
    risks: [],
    changes,
    ...more,
});
/** What a reader sees of it. */
const shown = (comment: string) => comment.replace(/<!--.*?-->/g, "").replace(/\n{3,}/g, "\n\n");
const detailsIn = (comment: string) => [...comment.matchAll(/<b>(.*?)<\/b>/g)].map(([, title]) => title);

describe("a comment of one stack", () => {
    it("says the right thing in its first line, then how much, the risks, and each object collapsed", () => {
        const before = workload("productpage", "r:1.1.0");
        const comment = merge(
            undefined,
            reportIn([{ type: "apps/v1:Deployment", before, after: workload("productpage", "r:1.2.0") }]),
        );
        const [first, , counts, , risk] = comment.split("\n");
        expect(first).toBe("## 🟡 dev: restarts productpage; no object is deleted");
        expect(counts).toMatch(/^Preview: nothing is changed yet · 1 updated · digest `[0-9a-f]{16}`$/);
        expect(risk).toBe(
            "- 🟡 caution: The pods of productpage are restarted, since their image goes from 1.1.0 to 1.2.0.",
        );
        expect(shown(comment)).toContain(
            "<details><summary>🟡 update <b>Deployment shop/productpage</b>: spec.template.spec.containers[0].image</summary>\n\n```diff\n@@",
        );
        expect(comment).not.toContain("| Stack |");
    });

    it("carries a refusal", () => {
        const text = merge(
            undefined,
            report("dev", [], {
                refusals: ["The class\ncannot be changed"],
                digest: undefined,
                headline: "refused: The class",
            }),
        );
        expect(text.split("\n")[0]).toBe("## ⛔ dev: refused: The class");
        expect(text).toContain("> The class\n> cannot be changed\n");
        expect(text).not.toContain("digest");
    });
});

describe("a comment of several stacks", () => {
    const [a, b] = [report("a", [change("A", "none")]), report("b", [change("B", "danger")], { level: "danger" })];
    const both = merge(merge(undefined, b), a);

    it("has one table on top, in the order of the names, and a part for each", () => {
        expect(both.split("\n").slice(0, 4)).toEqual([
            "| Stack | What happens | Resources |",
            "|---|---|---|",
            "| 🟡 a | does 1 things | 1 updated, 7 unchanged |",
            "| 🔴 b | does 1 things | 1 updated, 7 unchanged |",
        ]);
        expect(both.match(/^## .*/gm)).toEqual(["## 🟡 a: does 1 things", "## 🔴 b: does 1 things"]);
    });

    it("keeps each up to date apart, and has nothing twice", () => {
        const renewed = merge(both, report("a", [change("A2", "none")], { headline: "is another" }));
        expect(detailsIn(renewed)).toEqual(["A2", "B"]);
        expect(renewed.match(/is another/g)).toHaveLength(3);
        expect(merge(renewed, b)).toBe(renewed);
        expect(merge(merge(undefined, a), a)).toBe(merge(undefined, a));
        expect(merge(merge(undefined, a), b)).toBe(both);
    });

    it("tells what it has of one, for whoever approved it", () => {
        const { digest, text } = partIn(both, "b")!;
        expect(digest).toBe("0123456789abcdef0123");
        expect(text).toMatch(/^## 🔴 b: does 1 things\n/);
        expect(text).toContain("<b>B</b>");
        expect(text).not.toMatch(/<!--|<b>A<\/b>/);
        expect(partIn(both, "c")).toBeUndefined();
        expect(partIn("somebody's words", "a")).toBeUndefined();
    });

    it("tells stacks apart whose names begin alike", () => {
        expect(merge(both, report("a-b")).match(/^## .*/gm)).toHaveLength(3);
    });
});

describe("what does not fit", () => {
    const big = (title: string, level: Level, size = 9_000) => change(title, level, `+${"x".repeat(size)}\n`);

    it("goes by whole objects, the least dangerous first, and is counted", () => {
        const changes = [
            big("worst", "danger"),
            ...["a", "b", "c"].map((title) => big(title, "caution")),
            ...Array.from({ length: 6 }, (_, i) => big(`x${i}`, "none")),
        ];
        const comment = merge(undefined, report("dev", changes));
        expect(comment.length).toBeLessThanOrEqual(COMMENT_LIMIT);
        expect(detailsIn(comment)).toEqual(["worst", "a", "b", "c", "x0", "x1"]);
        expect(comment).toContain(
            "4 objects, the least dangerous, left out for want of room: the whole report is in the artifact.",
        );
        expect(detailsIn(merge(undefined, report("dev", changes), Infinity))).toHaveLength(10);
    });

    it("goes from all stacks alike, and stays counted when another stack is renewed", () => {
        const some = (level: Level) => Array.from({ length: 5 }, (_, i) => big(`${level}${i}`, level));
        const comment = merge(merge(undefined, report("a", some("none"))), report("b", some("danger")));
        expect(comment.length).toBeLessThanOrEqual(COMMENT_LIMIT);
        expect(detailsIn(comment)).toEqual(["none0", ...some("danger").map(({ title }) => title)]);
        const renewed = merge(comment, report("b", []));
        expect(detailsIn(renewed)).toEqual(["none0"]);
        expect(renewed).toContain("4 objects, the least dangerous, left out");
    });

    it("leaves the title where even the risks are too long", () => {
        const risks = Array.from({ length: 30 }, (_, i) => ({
            level: "danger" as const,
            sentence: `${i}${"y".repeat(3_000)}.`,
            titles: [],
        }));
        const comment = merge(undefined, report("dev", [], { risks }));
        expect(comment.length).toBeLessThanOrEqual(COMMENT_LIMIT);
        expect(comment).toContain("## 🟡 dev: does 0 things");
        expect(comment).toContain("refusals and risks left out for want of room");
    });

    it("is never more than the limit, and the rest can be read again", () => {
        const changes = fc.array(
            fc.record({
                title: fc.string(),
                level: fc.constantFrom<Level>("none", "note", "caution", "danger"),
                size: fc.nat(30_000),
            }),
            { maxLength: 20 },
        );
        fc.assert(
            fc.property(changes, changes, (one, other) => {
                const of = (stack: string, all: typeof one) =>
                    report(
                        stack,
                        all.map(({ title, level, size }) => big(title, level, size)),
                    );
                const comment = merge(merge(undefined, of("a", one)), of("b", other));
                expect(comment.length).toBeLessThanOrEqual(COMMENT_LIMIT);
                expect(merge(merge(comment, report("a")), report("b"))).toBe(
                    merge(merge(undefined, report("a")), report("b")),
                );
            }),
            { numRuns: 50 },
        );
    });
});

describe("what stands in names and values", () => {
    const evil = [
        "```\n</details>\n# out",
        '<!-- istio-on-pulumi:stack {"stack":"b"} -->',
        "<!-- istio-on-pulumi:objects-end -->",
        "a | b\n| c |",
        "\u001b[31mred\u202edesrever",
        "@everyone #1 <img src=x> **b**",
    ];

    it.each(evil)("stays what it is: %j", (text) => {
        const given = report("dev", [change(text, "none", `+${text}\n`), change("Last", "none")], {
            headline: text,
            risks: [{ level: "caution", sentence: text, titles: [] }],
        });
        const other = report("other");
        const comment = merge(merge(undefined, given), other);
        // Read again and renewed, nothing of it is left and nothing else is lost.
        expect(merge(comment, report("dev"))).toBe(merge(merge(undefined, report("dev")), other));
        expect(comment).not.toMatch(/[\u001b\u202e]/);
        expect(comment.replace(/^```+diff\n[\s\S]*?^```+$/gm, "")).not.toMatch(/<img|@everyone/);
        expect(comment.match(/^<details>/gm)).toHaveLength(2);
        const first = comment.split("\n").find((line) => line.startsWith("## "));
        expect(first).not.toContain("<");
    });

    it("ends a block where it should, whatever stands in it", () => {
        const comment = merge(undefined, report("dev", [change("A", "none", "+````\n")]));
        expect(comment).toContain("`````diff\n+````\n`````");
    });
});
