import { z } from "zod";

/** Header of the lab's answers: the hops that they came by. */
export const HOPS_HEADER = "x-lab-hops";

/** One call from a workload to another. */
export interface Hop {
    /** Names of the workloads; `unknown` where the proxy knows none. */
    readonly from: string;
    readonly to: string;
    /** SPIFFE identities that both sides proved by their certificates; absent where the connection proved none. */
    readonly fromIdentity?: string;
    readonly toIdentity?: string;
    readonly security: "mutual TLS" | "TLS" | "plaintext" | "unknown";
    readonly requests: number;
}

/** Hops by what they are, for counting. */
export interface HopCounts {
    readonly rows: Map<string, Hop>;
    /** Headers that hold no hops. */
    unreadable: number;
}

/** What goes to a terminal holds no control characters; longer texts are no names. */
const text = z.string().regex(/^[\x20-\x7e]{1,300}$/);
const hop = z.object({
    from: text.nullish(),
    to: text.nullish(),
    pod: text.nullish(),
    peer: text.nullish(),
    own: text.nullish(),
});
const header = z.array(hop).max(100);

/** Counts the hops of one answer's header; a hop is mutual TLS where the caller proved an identity. */
export function readHops(value: string, counts: HopCounts): void {
    const read = header.safeParse(parsed(value));
    if (!read.success) {
        counts.unreadable++;
        return;
    }
    for (const { from, to, pod, peer, own } of read.data) {
        countHop(counts.rows, {
            from: from ?? "unknown",
            to: to ?? pod ?? "unknown",
            ...(peer && { fromIdentity: peer }),
            ...(own && { toIdentity: own }),
            security: peer ? "mutual TLS" : "plaintext",
            requests: 1,
        });
    }
}

function parsed(value: string): unknown {
    try {
        return JSON.parse(value);
    } catch {
        return undefined;
    }
}

/** Adds a hop's requests to those of the same hop. */
export function countHop(rows: Map<string, Hop>, hop: Hop): void {
    const key = JSON.stringify([hop.from, hop.to, hop.fromIdentity, hop.toIdentity, hop.security]);
    const before = rows.get(key);
    rows.set(key, before ? { ...before, requests: before.requests + hop.requests } : hop);
}

/** By caller, then by called, as a table shows them. */
export const sortedHops = (rows: Iterable<Hop>): Hop[] =>
    [...rows].toSorted(
        (a, b) => a.from.localeCompare(b.from) || a.to.localeCompare(b.to) || a.security.localeCompare(b.security),
    );
