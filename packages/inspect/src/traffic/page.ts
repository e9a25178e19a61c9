/**
 * Parts of the page that come from a service of their own; one that fails leaves an error in its place, and the page
 * is a 200.
 */
export const PAGE_PARTS = ["details", "reviews", "ratings"] as const;
export type PagePart = (typeof PAGE_PARTS)[number];

/** What a product page shows of the calls behind it. */
export interface PageFacts {
    /** The pod that the reviews came from, as upstream's page prints it. */
    readonly reviewsPod?: string;
    /** Parts with an error in their place. */
    readonly failed: readonly PagePart[];
}

/**
 * The page prints the pod once for each review, inside other elements in some versions; a pod's name has no other
 * characters.
 */
const SERVED_BY = /Reviews served by:(?:\s|<[^<>]*>)*([a-z0-9][a-z0-9.-]{0,252})(?=\s|<|$)/;
/** Upstream's sentences and the lab's. */
const FAILED: Readonly<Record<PagePart, RegExp>> = {
    details: /Error fetching product details|\bdetails [\w ]{0,30}unavailable\b/,
    reviews: /Error fetching product reviews|\breviews [\w ]{0,30}unavailable\b/,
    ratings: /\b[Rr]atings [\w ]{0,30}unavailable\b/,
};

/** Reads a page of Bookinfo's productpage; any other text shows nothing. */
export function readPage(html: string): PageFacts {
    const pod = SERVED_BY.exec(html)?.[1];
    return {
        // Where reviews knows no name of its pod, it says null.
        ...(pod !== undefined && pod !== "null" && { reviewsPod: pod }),
        failed: PAGE_PARTS.filter((part) => FAILED[part].test(html)),
    };
}
