import { setTimeout as wait } from "node:timers/promises";
import type { DescribedEndpoint } from "../endpoints";
import { counted, type Finding, listed, note, problem } from "../finding";
import { hasEnded, proxyOf } from "../mesh/pods";
import type { Scope } from "../mesh/scope";
import { hostsOf, nodeByHost, type RuleSource } from "../rules";
import type { Connection } from "../snapshot/connect";
import { type ClusterSnapshot, keyOf } from "../snapshot/snapshot";
import { expectedShares } from "./expected";
import type { ServiceName } from "./istioRoutes";
import { checkNatCount, describeNatCount, type NatCount, readNatCounters } from "./natCounts";
import type { PagePart } from "./page";
import { readIstioRoutes } from "./readRoutes";
import { checkReviews, describeReviews, type ReviewsReport } from "./reviews";
import { meteredHops, readMetrics } from "./scrape";
import { checkHops, describeHops, type HopsReport } from "./security";
import { type Sending, sendRequests } from "./send";
import type { Latency } from "./statistics";
import { type Counts, type Failure, makeTally } from "./tally";
import { findTarget, type Target } from "./target";

/** Follows the sending, and may end it. */
export interface Watch {
    /** Called before the first request. */
    begin(url: string, requests: number): void;
    /** Called after each. */
    progress(done: number, failed: number): void;
    /** Called after the last. */
    end(): void;
    /** Ends the sending early. */
    readonly signal: AbortSignal;
}

export interface TrafficOptions {
    /** What is asked; by default the product page's URL as the outputs or the cluster have it. */
    readonly url?: string;
    readonly requests: number;
    readonly concurrency: number;
    /** How long one request may take, in milliseconds. */
    readonly timeout: number;
    readonly keepAlive: boolean;
    readonly watch?: Watch;
}

export const TRAFFIC_DEFAULTS: TrafficOptions = { requests: 300, concurrency: 4, timeout: 10_000, keepAlive: false };

/** What requests to the product page showed. */
export interface TrafficReport {
    readonly url: string;
    /** How the URL was found. */
    readonly found: string;
    readonly asked: number;
    readonly concurrency: number;
    readonly keepAlive: boolean;
    readonly ended: Sending["ended"];
    readonly sent: number;
    /** Under way when the sending was interrupted; neither succeeded nor failed. */
    readonly cutOff: number;
    readonly succeeded: number;
    readonly failed: number;
    readonly failures: readonly Failure[];
    readonly seconds: number;
    readonly perSecond: number;
    /** Of the successful ones, in milliseconds. */
    readonly latency?: Latency;
    /** Pages with an error in place of a part. */
    readonly pageErrors: Readonly<Partial<Record<PagePart, number>>>;
    readonly reviews: ReviewsReport;
    readonly hops: HopsReport;
    readonly nat: NatCount;
}

export interface TrafficContext {
    readonly connection: Connection;
    readonly snapshot: ClusterSnapshot;
    readonly scope: Scope;
    readonly described?: readonly DescribedEndpoint[];
    readonly rules?: RuleSource;
    /** The node that the rules are of, where neither names nor addresses show it. */
    readonly node?: string;
}

/** What a proxy counts at a request's end may come a moment after the answer; in milliseconds. */
const SETTLE = 500;

/**
 * Sends requests to the product page, and reads what the proxies and a node's rules counted before and after.
 *
 * @throws UserError where there is nothing to send them to
 */
export async function sendTraffic(
    context: TrafficContext,
    options: TrafficOptions,
): Promise<{ report: TrafficReport; findings: Finding[] }> {
    const { connection, snapshot, scope, described, rules, node } = context;
    // Of the cluster's nodes the one whose counters are read is asked.
    const target = findTarget(snapshot, scope, {
        url: options.url,
        described,
        node: node ?? nodeByHost(snapshot, hostsOf(rules ?? { kind: "local" })),
    });
    const reviews = findReviews(snapshot, scope, target);
    const pods = proxiesOf(snapshot, scope, reviews, target);
    const routes = await readIstioRoutes(connection);
    const read = () => Promise.all([readMetrics(connection, pods), readNatCounters(snapshot, rules, node, target)]);

    const [metricsBefore, natBefore] = await read();
    const { sending, counts } = await send(target, options);
    await wait(SETTLE);
    const [metricsAfter, natAfter] = await read();

    const expected = reviews
        ? expectedShares(reviews, { snapshot, ...routes, concurrency: options.concurrency })
        : ({ known: false, why: "no Service reviews was found" } as const);
    const report: TrafficReport = {
        url: target.url,
        found: target.found,
        asked: options.requests,
        concurrency: options.concurrency,
        keepAlive: options.keepAlive,
        ended: sending.ended,
        sent: sending.sent,
        cutOff: sending.cutOff,
        succeeded: counts.succeeded,
        failed: counts.failed,
        failures: counts.failures,
        seconds: sending.duration / 1000,
        perSecond: sending.duration === 0 ? 0 : (counts.succeeded + counts.failed) / (sending.duration / 1000),
        ...(counts.latency && { latency: counts.latency }),
        pageErrors: Object.fromEntries(counts.partsFailed),
        reviews: describeReviews(counts, reviews, snapshot.pods, expected),
        hops: describeHops(meteredHops(metricsBefore, metricsAfter), counts, target),
        nat: describeNatCount(natBefore, natAfter, target, snapshot),
    };
    return {
        report,
        findings: [
            ...checkSending(report),
            ...checkReviews(report.reviews, counts),
            ...checkHops(report.hops),
            ...checkNatCount(report.nat, counts.answered, target),
        ],
    };
}

async function send(
    target: Target,
    { watch, ...options }: TrafficOptions,
): Promise<{ sending: Sending; counts: Counts }> {
    const tally = makeTally(options.timeout);
    let done = 0;
    let failed = 0;
    watch?.begin(target.url, options.requests);
    try {
        const sending = await sendRequests(
            { ...options, url: new URL(target.url), signal: watch?.signal },
            (sample) => {
                tally.add(sample);
                done++;
                if (sample.kind !== "answer" || sample.status < 200 || sample.status > 299) failed++;
                watch?.progress(done, failed);
            },
        );
        return { sending, counts: tally.counts() };
    } finally {
        watch?.end();
    }
}

/** The Service `reviews` beside the productpage that the gateway leads to, or the only one of the mesh. */
function findReviews(
    { services, routes }: ClusterSnapshot,
    scope: Scope,
    { gateway }: Target,
): ServiceName | undefined {
    const all = services
        .filter(({ metadata }) => metadata?.name === "reviews" && scope.namespaces.has(metadata.namespace ?? ""))
        .map(({ metadata }) => metadata!.namespace!);
    const pages = routes.flatMap(({ metadata, spec }) =>
        (spec?.rules ?? []).flatMap(({ backendRefs = [] }) =>
            backendRefs
                .filter(({ name }) => name === "productpage")
                .map(({ namespace }) => namespace ?? metadata?.namespace ?? ""),
        ),
    );
    const namespace =
        all.find((each) => pages.includes(each) && (all.length === 1 || each === gateway?.namespace)) ??
        (all.length === 1 ? all[0] : undefined);
    return namespace === undefined ? undefined : { namespace, name: "reviews" };
}

/** Pods with a proxy in Bookinfo's namespace and the gateway's; of the whole mesh where these are not known. */
function proxiesOf({ pods }: ClusterSnapshot, scope: Scope, reviews: ServiceName | undefined, { gateway }: Target) {
    const known = [reviews?.namespace, gateway?.namespace].filter((namespace) => namespace !== undefined);
    const namespaces = reviews ? new Set(known) : scope.namespaces;
    return pods
        .filter((pod) => proxyOf(pod) && !hasEnded(pod) && namespaces.has(pod.metadata?.namespace ?? ""))
        .toSorted((a, b) => keyOf(a).localeCompare(keyOf(b)));
}

function checkSending({ url, asked, ended, sent, cutOff, succeeded, failed, failures }: TrafficReport): Finding[] {
    const findings: Finding[] = [];
    const reasons = listed(failures.map(({ reason, requests }) => `${reason} (${requests})`));
    const finished = sent - cutOff;
    if (failed > 0 && succeeded === 0) {
        findings.push(
            problem(
                "traffic/no-success",
                url,
                `None of ${counted(finished, "request")} to ${url} succeeded: ${reasons}; ` +
                    `${ended === "gave up" ? "no more were sent; " : ""}check that this machine reaches it, and the ` +
                    "gateway's pods and routes with: npm run inspect -- doctor",
            ),
        );
    } else if (failed > 0) {
        findings.push(
            problem(
                "traffic/failed",
                url,
                `${failed} of ${counted(finished, "request")} to ${url} failed: ${reasons}; see the logs of the ` +
                    "gateway's and productpage's istio-proxy.",
            ),
        );
    }
    if (ended === "interrupted")
        findings.push(
            note(
                "traffic/interrupted",
                url,
                `The sending was ended after ${finished} of ` +
                    `${counted(asked, "request")}${cutOff > 0 ? `, and ${cutOff} more that were under way` : ""}: ` +
                    "what is shown is of those.",
            ),
        );
    return findings;
}
