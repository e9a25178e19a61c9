import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { latencyOf, wilsonInterval, Z_95, Z_999 } from "../../src/traffic/statistics";

describe("Wilson's interval", () => {
    // Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998), table
    // I, method 3.
    it.each([
        [81, 263, 0.2553, 0.3662],
        [15, 148, 0.0624, 0.1605],
        [0, 20, 0, 0.1611],
        [1, 29, 0.0061, 0.1718],
    ])("of %i of %i is the published one", (count, trials, low, high) => {
        const interval = wilsonInterval(count, trials);
        expect([interval.low.toFixed(4), interval.high.toFixed(4)]).toEqual([low.toFixed(4), high.toFixed(4)]);
    });

    it("of nothing is everything", () => {
        expect(wilsonInterval(0, 0)).toEqual({ low: 0, high: 1 });
    });

    const counts = fc
        .integer({ min: 1, max: 100_000 })
        .chain((trials) => fc.tuple(fc.integer({ min: 0, max: trials }), fc.constant(trials)));

    it("holds the share, within 0 and 1, and is wider for more confidence", () => {
        fc.assert(
            fc.property(counts, ([count, trials]) => {
                const { low, high } = wilsonInterval(count, trials, Z_95);
                const wide = wilsonInterval(count, trials, Z_999);
                const share = count / trials;
                expect(low).toBeGreaterThanOrEqual(0);
                expect(high).toBeLessThanOrEqual(1);
                expect(low <= share && share <= high).toBe(true);
                expect(wide.low <= low && wide.high >= high && wide.high - wide.low > high - low).toBe(true);
            }),
        );
    });

    it("bounds the shares whose score is that of the confidence", () => {
        fc.assert(
            fc.property(counts, ([count, trials]) => {
                const share = count / trials;
                for (const bound of Object.values(wilsonInterval(count, trials, Z_95)) as number[]) {
                    // The bounds solve |share - p| = z * sqrt(p (1 - p) / n).
                    if (bound > 0 && bound < 1)
                        expect(Math.abs(share - bound) / Math.sqrt((bound * (1 - bound)) / trials)).toBeCloseTo(
                            Z_95,
                            4,
                        );
                }
            }),
        );
    });

    it("mirrors what did not happen", () => {
        fc.assert(
            fc.property(counts, ([count, trials]) => {
                const { low, high } = wilsonInterval(count, trials);
                const mirrored = wilsonInterval(trials - count, trials);
                expect(mirrored.low).toBeCloseTo(1 - high, 10);
                expect(mirrored.high).toBeCloseTo(1 - low, 10);
            }),
        );
    });
});

describe("percentiles", () => {
    it("are times that were measured, by nearest rank", () => {
        const times = Array.from({ length: 200 }, (_, at) => ((at * 7) % 200) + 1);
        expect(latencyOf(times)).toEqual({ p50: 100, p90: 180, p99: 198, max: 200 });
        expect(latencyOf([3, 1, 2])).toEqual({ p50: 2, p90: 3, p99: 3, max: 3 });
        expect(latencyOf([5])).toEqual({ p50: 5, p90: 5, p99: 5, max: 5 });
        expect(latencyOf([])).toBeUndefined();
    });

    it("leave as many below as they say, and the times in their order", () => {
        fc.assert(
            fc.property(
                fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 300 }),
                (times) => {
                    const before = [...times];
                    const latency = latencyOf(times)!;
                    for (const [part, value] of [
                        [0.5, latency.p50],
                        [0.9, latency.p90],
                        [0.99, latency.p99],
                        [1, latency.max],
                    ] as const) {
                        expect(times).toContain(value);
                        expect(times.filter((time) => time <= value).length / times.length).toBeGreaterThanOrEqual(
                            part - 1e-9,
                        );
                        expect(times.filter((time) => time < value).length / times.length).toBeLessThan(part);
                    }
                    expect(times).toEqual(before);
                },
            ),
        );
    });
});
