import type { V1Pod } from "@kubernetes/client-node";
import pMap from "p-map";
import { UserError } from "@istio-on-pulumi/kube";
import { counted, listed } from "../finding";
import type { Connection } from "../snapshot/connect";
import { keyOf } from "../snapshot/snapshot";
import { countHop, type Hop, sortedHops } from "./hops";
import { hopsBetween, readRequestCounts, type RequestCounts } from "./metrics";

/** The port at which the proxy's agent serves its metrics. */
const METRICS_PORT = 15_020;
const METRICS_PATH = "stats/prometheus";
/** How many pods are asked at the same time. */
const AT_ONCE = 8;
const FORBIDDEN = 403;

/** What the proxies of some pods counted, at one moment. */
export interface MetricsReading {
    readonly byPod: ReadonlyMap<string, RequestCounts>;
    /** Pods whose proxy did not answer. */
    readonly silent: readonly string[];
    /** Whether the user may not use the API server's proxy. */
    readonly refused: boolean;
}

/** Reads the metrics of these pods' proxies through the API server; never throws. */
export async function readMetrics({ client }: Connection, pods: readonly V1Pod[]): Promise<MetricsReading> {
    const byPod = new Map<string, RequestCounts>();
    const silent: string[] = [];
    let refused = false;
    const read = async (pod: V1Pod) => {
        // Who may not ask one pod may ask none.
        if (refused) return;
        const { namespace = "", name = "" } = pod.metadata ?? {};
        try {
            const path = `/api/v1/namespaces/${namespace}/pods/${name}:${METRICS_PORT}/proxy/${METRICS_PATH}`;
            const metrics = await client.getText(path, { absent: [FORBIDDEN] });
            if (metrics === undefined) refused = true;
            else byPod.set(keyOf(pod), readRequestCounts(metrics));
        } catch (error) {
            if (!(error instanceof UserError)) throw error;
            silent.push(keyOf(pod));
        }
    };
    await pMap(pods, read, { concurrency: AT_ONCE });
    return { byPod, silent, refused };
}

/** Hops that the proxies counted between two readings, of the pods that both hold; or why there are none. */
export function meteredHops(
    before: MetricsReading,
    after: MetricsReading,
): { readonly hops: Hop[]; readonly silent: readonly string[] } | { readonly why: string } {
    if (before.refused || after.refused)
        return { why: "this user may not read the proxies' metrics by the API server (pods/proxy)" };
    const rows = new Map<string, Hop>();
    let metered = 0;
    for (const [pod, counts] of after.byPod) {
        const then = before.byPod.get(pod);
        if (!then) continue;
        metered++;
        for (const hop of hopsBetween(then, counts)) countHop(rows, hop);
    }
    const silent = [...new Set([...before.silent, ...after.silent])];
    if (metered === 0)
        return {
            why:
                silent.length === 0
                    ? "there are no pods with a proxy to ask"
                    : `no proxy tells its metrics at port ${METRICS_PORT} (asked: ${listed(silent)})`,
        };
    if (rows.size === 0)
        return {
            why:
                `the proxies of ${counted(metered, "pod")} counted no request as its destination meanwhile ` +
                "(istio_requests_total)",
        };
    return { hops: sortedHops(rows.values()), silent };
}
