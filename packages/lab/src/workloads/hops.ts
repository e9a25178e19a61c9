import { identities, serviceAccountOf } from "./xfcc";

/** One request on its way through the mesh, as the application that took it saw it. */
export interface Hop {
    /** Service account of the client; null where the request came as plain text. */
    readonly from: string | null;
    /** The application that took it. */
    readonly to: string;
    /** Its pod. */
    readonly pod: string;
    /** SPIFFE URI of the client; null where the request came as plain text. */
    readonly peer: string | null;
    /** SPIFFE URI of the application's own proxy; null where the request came as plain text. */
    readonly own: string | null;
}

/** Response header with a JSON array of {@link Hop}: the application's own first, then those of its backends. */
export const HOPS_HEADER = "x-lab-hops";

/** A backend that reports more is not believed; Bookinfo's longest way has four. */
const MOST_HOPS = 16;

/** @param xfcc the request's `X-Forwarded-Client-Cert`, if it has one. */
export function hopOf(application: string, pod: string, xfcc: string | undefined): Hop {
    const { peer, own } = identities(xfcc);
    return { from: serviceAccountOf(peer), to: application, pod, peer, own };
}

/** The header's value: JSON in printable ASCII, as a header must be. */
export function writeHops(hops: readonly Hop[]): string {
    return JSON.stringify(hops).replace(
        /[^\x20-\x7e]/g,
        (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
}

/** The hops that a backend reported; none if the header is missing or is no such array. */
export function readHops(header: string | readonly string[] | undefined): Hop[] {
    if (typeof header !== "string") return [];
    try {
        const hops: unknown = JSON.parse(header);
        return Array.isArray(hops) && hops.length <= MOST_HOPS && hops.every(isHop) ? hops.map(plainHop) : [];
    } catch {
        return [];
    }
}

function isHop(value: unknown): value is Hop {
    if (typeof value !== "object" || value === null) return false;
    const { from, to, pod, peer, own } = value as Record<string, unknown>;
    return (
        typeof to === "string" &&
        typeof pod === "string" &&
        [from, peer, own].every((each) => each === null || typeof each === "string")
    );
}

const plainHop = ({ from, to, pod, peer, own }: Hop): Hop => ({ from, to, pod, peer, own });
