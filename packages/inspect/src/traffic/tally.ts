import { type HopCounts, HOPS_HEADER, readHops } from "./hops";
import { type PagePart, readPage } from "./page";
import type { Sample } from "./send";
import { type Latency, latencyOf } from "./statistics";

/** Requests that failed for one reason. */
export interface Failure {
    readonly kind: "status" | "timeout" | "connection";
    /** Such as `HTTP 503`, `no answer in 10 s`, `connect ECONNREFUSED 10.0.0.1:30080`. */
    readonly reason: string;
    readonly requests: number;
}

/** What became of the requests, counted. */
export interface Counts {
    /** Requests with an answer of any status. */
    readonly answered: number;
    /** Answers with status 2xx. */
    readonly succeeded: number;
    readonly failed: number;
    /** The most frequent first. */
    readonly failures: readonly Failure[];
    /** Of the successful ones. */
    readonly latency?: Latency;
    /** Pages that name a pod of reviews, by the pod. */
    readonly reviewsPods: ReadonlyMap<string, number>;
    /** Pages with an error in place of a part, by the part. */
    readonly partsFailed: ReadonlyMap<PagePart, number>;
    /** Hops that the lab's header named; `undefined` where no answer carried it. */
    readonly hops?: HopCounts;
}

/** Counts requests as their fates become known. */
export interface Tally {
    add(sample: Sample): void;
    counts(): Counts;
}

/** @param timeout in milliseconds, for the reason */
export function makeTally(timeout: number): Tally {
    const failures = new Map<string, { kind: Failure["kind"]; reason: string; requests: number }>();
    const times: number[] = [];
    const reviewsPods = new Map<string, number>();
    const hops: HopCounts = { rows: new Map(), unreadable: 0 };
    let told = false;
    let answered = 0;
    const partsFailed = new Map<PagePart, number>();
    const fail = (kind: Failure["kind"], reason: string) => {
        const failure = failures.get(`${kind} ${reason}`) ?? { kind, reason, requests: 0 };
        failure.requests++;
        failures.set(`${kind} ${reason}`, failure);
    };
    const addAnswer = ({ status, time, body, header }: Extract<Sample, { kind: "answer" }>) => {
        answered++;
        if (status < 200 || status > 299) return fail("status", `HTTP ${status}`);
        times.push(time);
        const page = readPage(body);
        if (page.reviewsPod !== undefined)
            reviewsPods.set(page.reviewsPod, (reviewsPods.get(page.reviewsPod) ?? 0) + 1);
        for (const part of page.failed) partsFailed.set(part, (partsFailed.get(part) ?? 0) + 1);
        const hopsText = header(HOPS_HEADER);
        if (hopsText !== undefined) {
            told = true;
            readHops(hopsText, hops);
        }
    };
    return {
        add(sample) {
            if (sample.kind === "answer") addAnswer(sample);
            else if (sample.kind === "timeout") fail("timeout", `no answer in ${timeout / 1000} s`);
            else fail("connection", sample.reason);
        },
        counts() {
            const reasons = [...failures.values()].toSorted(
                (a, b) => b.requests - a.requests || a.reason.localeCompare(b.reason),
            );
            return {
                answered,
                succeeded: times.length,
                failed: reasons.reduce((sum, { requests }) => sum + requests, 0),
                failures: reasons,
                latency: latencyOf(times),
                reviewsPods,
                partsFailed,
                ...(told && { hops }),
            };
        },
    };
}
