/** Quantiles of the normal distribution for two-sided intervals. */
export const Z_95 = 1.959963984540054;
export const Z_999 = 3.290526731491926;

/** Bounds of a share, 0 to 1. */
export interface Interval {
    readonly low: number;
    readonly high: number;
}

/**
 * Wilson's score interval of a share: where the true one lies, given so many of so many trials.
 *
 * @param z quantile of the normal distribution, such as {@link Z_95}
 * @returns 0 to 1 where nothing was tried
 */
export function wilsonInterval(count: number, trials: number, z = Z_95): Interval {
    if (trials === 0) return { low: 0, high: 1 };
    const share = count / trials;
    const z2 = z * z;
    const middle = (share + z2 / (2 * trials)) / (1 + z2 / trials);
    const half = (z / (1 + z2 / trials)) * Math.sqrt((share * (1 - share)) / trials + z2 / (4 * trials * trials));
    // At the ends the bound is the end itself; sums of floating-point numbers come close to it only.
    return {
        low: count === 0 ? 0 : Math.max(0, middle - half),
        high: count === trials ? 1 : Math.min(1, middle + half),
    };
}

/** Milliseconds that so many parts of the answers took at most; `max` is the slowest. */
export interface Latency {
    readonly p50: number;
    readonly p90: number;
    readonly p99: number;
    readonly max: number;
}

/**
 * Percentiles by nearest rank: each is a time that really was measured.
 *
 * @returns `undefined` where nothing was measured
 */
export function latencyOf(times: readonly number[]): Latency | undefined {
    if (times.length === 0) return undefined;
    const sorted = Float64Array.from(times).sort();
    const at = (part: number) => sorted[Math.max(0, Math.ceil((part * sorted.length) / 100) - 1)]!;
    return { p50: at(50), p90: at(90), p99: at(99), max: sorted.at(-1)! };
}
