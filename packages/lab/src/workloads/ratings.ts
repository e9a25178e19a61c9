import type { Application } from "./application";
import { readText } from "./body";
import { bookId } from "./book-id";
import { json, RequestError } from "./exchange";
import { router } from "./router";

/** Stars by reviewer, of books that nobody rated. */
const RATINGS = { Reviewer1: 5, Reviewer2: 4 };

/** Most books whose ratings are kept; the one that was rated first is forgotten then. */
const MOST_BOOKS = 100;

/** Stars of a book by reviewer: `{id, ratings: {Reviewer1: 5, ...}}`; POST replaces them until the process ends. */
export function ratings(): Application {
    const posted = new Map<number, object>();
    const answer = (id: number) => json({ id, ratings: posted.get(id) ?? RATINGS });
    const handle = router([
        { method: "GET", path: "/ratings/:id", handle: (_, id = "") => answer(bookId(id)) },
        {
            method: "POST",
            path: "/ratings/:id",
            handle: async ({ request }, id = "") => {
                const book = bookId(id);
                posted.set(book, ratingsIn(await readText(request)));
                const [first] = posted.keys();
                if (posted.size > MOST_BOOKS && first !== undefined) posted.delete(first);
                return answer(book);
            },
        },
        { method: "GET", path: "/health", handle: () => json({ status: "ratings answers" }) },
    ]);
    return { handle, close: () => undefined };
}

function ratingsIn(body: string): object {
    const refusal = new RequestError(400, `The body is not JSON such as ${JSON.stringify(RATINGS)}.`);
    try {
        const value: unknown = JSON.parse(body);
        if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
    } catch {
        throw refusal;
    }
    throw refusal;
}
