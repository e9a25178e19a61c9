import { describe, expect, it } from "vitest";
import type { Expected } from "../../src/traffic/expected";
import type { PagePart } from "../../src/traffic/page";
import { checkReviews, describeReviews } from "../../src/traffic/reviews";
import type { Counts } from "../../src/traffic/tally";
import { pod } from "../../testing/cluster";
import { mesh } from "../../testing/mesh";

const REVIEWS = { namespace: "shop", name: "reviews" };
const even: Expected = {
    known: true,
    exact: true,
    why: "an equal part",
    byVersion: new Map([
        ["v1", 1 / 3],
        ["v2", 1 / 3],
        ["v3", 1 / 3],
    ]),
};

/** Numbers from 0 to 1 (mulberry32). */
function seeded(seed: number): () => number {
    let state = seed;
    return () => {
        state = (state + 0x6d2b79f5) | 0;
        let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
        mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
}

function look(
    pods: Record<string, number>,
    {
        expected = even,
        more = 0,
        failed = [],
    }: { expected?: Expected; more?: number; failed?: [PagePart, number][] } = {},
) {
    const reviewsPods = new Map(
        Object.entries(pods)
            .filter(([, answers]) => answers > 0)
            .map(([version, answers]) => [`reviews-${version}`, answers]),
    );
    const succeeded = [...reviewsPods.values()].reduce((sum, answers) => sum + answers, more);
    const counts: Counts = {
        answered: succeeded,
        succeeded,
        failed: 0,
        failures: [],
        reviewsPods,
        partsFailed: new Map(failed),
    };
    const elsewhere = pod({ namespace: "web", name: "reviews-v1", labels: { version: "v9" } });
    const report = describeReviews(counts, REVIEWS, [...mesh().pods, elsewhere], expected);
    return {
        report,
        findings: checkReviews(report, counts).map(({ severity, code, message }) => ({ severity, code, message })),
    };
}

describe("who answered", () => {
    it("is counted by the version of the pods that pages name, with shares and bounds", () => {
        const { report, findings } = look({ v1: 101, v2: 95, v3: 104 });
        expect(findings).toEqual([]);
        expect(report).toMatchObject({
            service: "shop/reviews",
            pages: 300,
            expectation: { known: true, why: "an equal part", exact: true },
        });
        expect(report.versions.map(({ version, pods, answers }) => [version, pods, answers])).toEqual([
            ["v1", ["reviews-v1"], 101],
            ["v2", ["reviews-v2"], 95],
            ["v3", ["reviews-v3"], 104],
        ]);
        expect(report.versions[0]!.share).toBeCloseTo(0.3367, 4);
        expect(report.versions[0]!.interval.low).toBeCloseTo(0.2856, 4);
        expect(report.versions[0]!.interval.high).toBeCloseTo(0.3919, 4);
        expect(report.versions[0]!.expected).toBe(1 / 3);
    });

    it("is wrong where a part lies outside of the bound, and says all of it", () => {
        const { findings } = look({ v1: 200, v2: 100, v3: 0 });
        expect(findings.map(({ severity, code }) => `${severity} ${code}`)).toEqual([
            "problem traffic/share",
            "problem traffic/share",
        ]);
        expect(findings[1]!.message).toBe(
            "Version v3 of reviews gave 0 of 300 answers (0.0 %; 0.0 % to 3.5 % with a confidence of 99.9 %), " +
                "but is to give 33.3 % (an equal part); see its pods' readiness, and what istioctl proxy-config says " +
                "of productpage's endpoints.",
        );
    });

    it("is only worth a note where quick pods are preferred, unless a version never answers", () => {
        const expected: Expected = { ...even, exact: false };
        expect(
            look({ v1: 170, v2: 70, v3: 60 }, { expected }).findings.map(({ severity, code }) => `${severity} ${code}`),
        ).toEqual(["note traffic/uneven", "note traffic/uneven", "note traffic/uneven"]);
        expect(
            look({ v1: 110, v2: 190, v3: 0 }, { expected }).findings.map(({ severity, code }) => `${severity} ${code}`),
        ).toEqual(["note traffic/uneven", "problem traffic/share"]);
    });

    it("is wrong where a version answers that no route leads to", () => {
        const expected: Expected = { known: true, exact: true, why: "by the weights", byVersion: new Map([["v1", 1]]) };
        expect(
            look({ v1: 299, v2: 1 }, { expected }).findings.map(({ code, severity }) => `${severity} ${code}`),
        ).toEqual(["problem traffic/share", "problem traffic/share"]);
        expect(look({ v1: 300 }, { expected }).findings).toEqual([]);
    });

    it("is not judged where what is to be is not known", () => {
        const { report, findings } = look({ v1: 300 }, { expected: { known: false, why: "several objects route it" } });
        expect(findings).toEqual([]);
        expect(report.versions).toMatchObject([{ version: "v1", answers: 300 }]);
        expect(report.versions[0]!.expected).toBeUndefined();
    });

    it("is a note where a pod is gone", () => {
        const { report, findings } = look({ v1: 100, v2: 100, v3: 90, old: 10 });
        expect(report.versions.at(-1)).toMatchObject({ version: "unknown", pods: ["reviews-old"], answers: 10 });
        expect(findings).toEqual([
            {
                severity: "note",
                code: "traffic/unknown-pod",
                message:
                    "10 pages came from reviews-old, which is no pod of the cluster any more, so their version " +
                    "is not known.",
            },
        ]);
    });

    it("is wrong where no page says, but an error in its place is named as such", () => {
        expect(look({}, { more: 300 }).findings).toEqual([
            {
                severity: "problem",
                code: "traffic/no-reviews",
                message:
                    "Of 300 pages none names the pod that its reviews came from: check that the URL is that of " +
                    "Bookinfo's productpage, and see the log of reviews.",
            },
        ]);
        expect(
            look(
                {},
                {
                    more: 300,
                    failed: [
                        ["reviews", 300],
                        ["details", 1],
                    ],
                },
            ).findings.map(({ message }) => message),
        ).toEqual([
            "Of 300 pages 300 show an error in place of the reviews: see the logs of reviews and of the " +
                "istio-proxy of productpage.",
            "Of 300 pages 1 shows an error in place of the details: see the logs of details and of the " +
                "istio-proxy of productpage.",
        ]);
        expect(
            look({ v1: 1, v2: 1, v3: 1 }, { failed: [["ratings", 2]] }).findings.map(({ message }) => message),
        ).toEqual([
            "Of 3 pages 2 show an error in place of the ratings: see the logs of ratings and of the istio-proxy " +
                "of reviews.",
        ]);
        expect(look({}).findings).toEqual([]);
    });

    it("is seldom called wrong where each request is decided by an even chance", () => {
        // A fair die, the same in each run: about 3 in 1000 lie outside of one of the three bounds, and of 95 % ones
        // 100 would.
        const random = seeded(20);
        let accused = 0;
        for (let run = 0; run < 1000; run++) {
            const times = [0, 0, 0];
            for (let throws = 0; throws < 300; throws++) times[Math.floor(random() * 3)]!++;
            if (look({ v1: times[0]!, v2: times[1]!, v3: times[2]! }).findings.length > 0) accused++;
        }
        expect(accused).toBeLessThanOrEqual(10);
    });
});
