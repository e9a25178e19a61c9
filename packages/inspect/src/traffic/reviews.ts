import type { V1Pod } from "@kubernetes/client-node";
import { counted, type Finding, listed, note, problem } from "../finding";
import { versionOf } from "../mesh/pods";
import { type Expected, NO_VERSION } from "./expected";
import type { ServiceName } from "./istioRoutes";
import { type Interval, wilsonInterval, Z_95, Z_999 } from "./statistics";
import type { Counts } from "./tally";

/** How often one version of reviews answered. */
export interface VersionShare {
    readonly version: string;
    /** The pods of it that answered. */
    readonly pods: readonly string[];
    readonly answers: number;
    /** Its part of the answers, 0 to 1. */
    readonly share: number;
    /** Where its true part lies with a confidence of 95 %, by Wilson's score. */
    readonly interval: Interval;
    /** The part that it is to have, where that is known. */
    readonly expected?: number;
}

export interface ReviewsReport {
    /** The Service, where there is one. */
    readonly service?: string;
    /** Pages that name a pod of reviews. */
    readonly pages: number;
    readonly versions: readonly VersionShare[];
    readonly expectation: { readonly known: boolean; readonly why: string; readonly exact?: boolean };
}

const UNKNOWN = "unknown";

/** Joins the pods that pages name with the pods there are. */
export function describeReviews(
    counts: Counts,
    service: ServiceName | undefined,
    pods: readonly V1Pod[],
    expected: Expected,
): ReviewsReport {
    const own = new Map(
        pods
            .filter(({ metadata }) => service === undefined || metadata?.namespace === service.namespace)
            .map((pod) => [pod.metadata?.name ?? "", pod]),
    );
    const byVersion = new Map<string, { pods: string[]; answers: number }>();
    const rowOf = (version: string) => {
        const row = byVersion.get(version) ?? { pods: [], answers: 0 };
        byVersion.set(version, row);
        return row;
    };
    for (const [name, answers] of counts.reviewsPods) {
        const pod = own.get(name);
        const row = rowOf(pod ? (versionOf(pod) ?? NO_VERSION) : UNKNOWN);
        row.pods.push(name);
        row.answers += answers;
    }
    // Who is to answer and never does stands in the table too.
    if (expected.known) for (const version of expected.byVersion.keys()) rowOf(version);
    const pages = [...counts.reviewsPods.values()].reduce((sum, answers) => sum + answers, 0);
    // Versions that are not known come last.
    const versions = [...byVersion]
        .toSorted(([a], [b]) => Number(a === UNKNOWN) - Number(b === UNKNOWN) || a.localeCompare(b))
        .map(([version, row]): VersionShare => ({
            version,
            pods: row.pods.toSorted(),
            answers: row.answers,
            share: pages === 0 ? 0 : row.answers / pages,
            interval: wilsonInterval(row.answers, pages, Z_95),
            // A version that no route leads to is to have nothing.
            ...(expected.known && version !== UNKNOWN && { expected: expected.byVersion.get(version) ?? 0 }),
        }));
    const expectation = { known: expected.known, why: expected.why, ...(expected.known && { exact: expected.exact }) };
    return { ...(service && { service: `${service.namespace}/${service.name}` }), pages, versions, expectation };
}

/** What is wrong with who answered. */
export function checkReviews(report: ReviewsReport, counts: Counts): Finding[] {
    const subject = report.service ?? "reviews";
    const findings: Finding[] = [];
    const wrong = (code: string, message: string) => findings.push(problem(code, subject, message));
    const pages = counted(counts.succeeded, "page");
    for (const [part, failed] of counts.partsFailed) {
        const caller = part === "ratings" ? "reviews" : "productpage";
        wrong(
            `traffic/${part}-failed`,
            `Of ${pages} ${failed === 1 ? "1 shows" : `${failed} show`} an error in place of the ${part}: see ` +
                `the logs of ${part} and of the istio-proxy of ${caller}.`,
        );
    }
    if (counts.succeeded > 0 && report.pages === 0 && !counts.partsFailed.has("reviews")) {
        wrong(
            "traffic/no-reviews",
            `Of ${pages} none names the pod that its reviews came from: check that the URL is that of Bookinfo's ` +
                "productpage, and see the log of reviews.",
        );
    }
    for (const version of report.versions) {
        if (version.version === UNKNOWN)
            findings.push(
                note(
                    "traffic/unknown-pod",
                    subject,
                    `${counted(version.answers, "page")} came from ${listed(version.pods)}, which ` +
                        `${version.pods.length === 1 ? "is no pod" : "are no pods"} of the cluster any more, so ` +
                        "their version is not known.",
                ),
            );
        else findings.push(...checkShare(version, report, subject));
    }
    return findings;
}

/**
 * A share is wrong where the one that it is to have lies outside of a 99.9 % interval. Where the balancing prefers
 * quick pods,
 * as Istio does by itself, only a version that never answers is wrong; an uneven one is worth knowing.
 */
function checkShare(
    { version, answers, share, expected }: VersionShare,
    { pages, expectation }: ReviewsReport,
    subject: string,
): Finding[] {
    if (expected === undefined || pages === 0) return [];
    const { low, high } = wilsonInterval(answers, pages, Z_999);
    if (expected >= low && expected <= high) return [];
    const bounds = `${roundedPercent(low)} to ${roundedPercent(high)} with a confidence of 99.9 %`;
    const seen =
        `Version ${version} of reviews gave ${answers} of ${pages} answers (${roundedPercent(share)}; ${bounds}), ` +
        `but is to give ${roundedPercent(expected)} (${expectation.why})`;
    if (expectation.exact || answers === 0 || expected === 0)
        return [
            problem(
                "traffic/share",
                subject,
                `${seen}; see its pods' readiness, and what istioctl proxy-config says of productpage's endpoints.`,
            ),
        ];
    return [
        note(
            "traffic/uneven",
            subject,
            `${seen}; Istio prefers pods that answer quickly, so compare with --concurrency 1 before looking for more.`,
        ),
    ];
}

/** Such as `33.3 %`. */
export const roundedPercent = (share: number): string => `${(share * 100).toFixed(1)} %`;
