import { type Finding, listed, note } from "../finding";
import { type Hop, sortedHops } from "./hops";
import type { meteredHops } from "./scrape";
import type { Counts } from "./tally";
import type { Target } from "./target";

/** Who called whom, and by which identities. */
export interface HopsReport {
    /** Where the hops inside of the mesh come from. */
    readonly source: "istio_requests_total" | "x-lab-hops" | "none";
    /** What that means, or why there is none; a sentence. */
    readonly said: string;
    /** The first one is that of this client to the gateway. */
    readonly rows: readonly Hop[];
}

const THIS_CLIENT = "this client";

/** The hops by the proxies' own metrics, else by what the lab's answers tell. */
export function describeHops(metered: ReturnType<typeof meteredHops>, counts: Counts, target: Target): HopsReport {
    const first: Hop = {
        from: THIS_CLIENT,
        to: target.gateway?.name ?? new URL(target.url).host,
        security: target.url.startsWith("https:") ? "TLS" : "plaintext",
        requests: counts.answered,
    };
    const rows = counts.answered > 0 ? [first] : [];
    if ("hops" in metered) {
        const partly = metered.silent.length > 0 ? ` The proxies of ${listed(metered.silent)} did not tell.` : "";
        return {
            source: "istio_requests_total",
            said:
                "By istio_requests_total of the called pods' proxies, before and after: all requests of that time, " +
                `also others' than these.${partly}`,
            rows: [...rows, ...metered.hops],
        };
    }
    if (counts.hops && counts.hops.rows.size > 0) {
        return {
            source: "x-lab-hops",
            said:
                "By the lab's header x-lab-hops in the answers: what each pod was told of its caller " +
                `(X-Forwarded-Client-Cert); no metrics, for ${metered.why}.`,
            rows: [...rows, ...sortedHops(counts.hops.rows.values())],
        };
    }
    return {
        source: "none",
        said:
            `Whether the hops inside of the mesh are mutual TLS cannot be told: ${metered.why}, and no answer ` +
            "carries the lab's header x-lab-hops.",
        rows,
    };
}

/** Plaintext inside of the mesh is worth knowing; from a client outside of it plain HTTP is what it asked for. */
export function checkHops({ rows }: HopsReport): Finding[] {
    const plain = rows.filter(({ from, security }) => security === "plaintext" && from !== THIS_CLIENT);
    return plain.map(({ from, to, requests }) =>
        note(
            "traffic/plaintext",
            `${from} -> ${to}`,
            `${requests === 1 ? "1 request" : `${requests} requests`} from ${from} to ${to} came in plaintext, ` +
                "without mutual TLS: see whether both have a sidecar (npm run inspect -- injection), and which mode " +
                "PeerAuthentication and DestinationRule set.",
        ),
    );
}
