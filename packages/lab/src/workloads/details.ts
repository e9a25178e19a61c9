import type { Application } from "./application";
import { bookId } from "./book-id";
import { json } from "./exchange";
import { router } from "./router";

/** What details says about every book; the ISBNs are the ones that belong to no publisher. */
const BOOK = {
    author: "William Shakespeare",
    year: 1594,
    type: "paperback",
    pages: 96,
    publisher: "Lab Press",
    language: "English",
    "ISBN-10": "0-00-000000-0",
    "ISBN-13": "978-0-00-000000-2",
};

/** Facts about a book: `{id, author, year, type, pages, publisher, language, ISBN-10, ISBN-13}`. */
export function details(): Application {
    const handle = router([
        { method: "GET", path: "/details/:id", handle: (_, id = "") => json({ id: bookId(id), ...BOOK }) },
        { method: "GET", path: "/health", handle: () => json({ status: "details answers" }) },
    ]);
    return { handle, close: () => undefined };
}
