import type { Application } from "./application";
import { Backend } from "./backend";
import { bookId } from "./book-id";
import { type Exchange, json } from "./exchange";
import { endUserOf, forwardedHeaders } from "./forwarded-headers";
import type { Hop } from "./hops";
import { router } from "./router";
import type { Settings } from "./settings";

/** How the versions of reviews differ. */
export interface Stars {
    readonly color: "black" | "red";
    /** How long ratings may take, in milliseconds. */
    readonly timeoutMs: number;
}

/** v1 shows no stars. The timeouts are upstream's, so that its experiments with delays come out the same. */
export const STARS_BY_VERSION: Readonly<Record<"v1" | "v2" | "v3", Stars | undefined>> = {
    v1: undefined,
    v2: { color: "black", timeoutMs: 10_000 },
    v3: { color: "red", timeoutMs: 2500 },
};

const REVIEWS = [
    {
        reviewer: "Reviewer1",
        text: "Two pairs of twins, one town and not a quiet moment. I laughed out loud on the train.",
    },
    {
        reviewer: "Reviewer2",
        text: "Light, fast and very silly. Read it in one evening, and do not look for a lesson.",
    },
];

type Rating = { readonly stars: number; readonly color: string } | { readonly error: string };

/** Reviews of a book: `{id, podname, clustername, reviews: [{reviewer, text, rating?: {stars, color} | {error}}]}`. */
export function reviews({ pod, cluster, backends }: Settings, version: string | undefined): Application {
    const stars = STARS_BY_VERSION[version as keyof typeof STARS_BY_VERSION];
    const backend = stars && new Backend("ratings", backends.ratings);

    const answer = async ({ request }: Exchange, id: number) => {
        let ratingOf: (reviewer: string) => Rating | undefined = () => undefined;
        let hops: readonly Hop[] = [];
        if (backend) {
            const answered = await backend.get(
                `/ratings/${id}`,
                forwardedHeaders(request.headers, endUserOf(request.headers)),
                stars.timeoutMs,
            );
            hops = answered.hops;
            ratingOf = (reviewer) => ratingIn(answered.value, reviewer, stars.color);
        }
        const body = {
            id: String(id),
            podname: pod,
            clustername: cluster,
            reviews: REVIEWS.map((review) => ({ ...review, rating: ratingOf(review.reviewer) })),
        };
        return json(body, 200, hops);
    };

    const handle = router([
        { method: "GET", path: "/reviews/:id", handle: (exchange, id = "") => answer(exchange, bookId(id)) },
        { method: "GET", path: "/health", handle: () => json({ status: "reviews answers" }) },
    ]);
    return { handle, close: () => backend?.close() };
}

/** @param value what ratings said; undefined if it failed. */
function ratingIn(value: unknown, reviewer: string, color: string): Rating {
    const stars = (value as { ratings?: Record<string, unknown> } | null | undefined)?.ratings?.[reviewer];
    return Number.isInteger(stars)
        ? { stars: stars as number, color }
        : { error: "Ratings are unavailable at the moment." };
}
