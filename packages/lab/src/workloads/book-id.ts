import { RequestError } from "./exchange";

/**
 * A book's number in a path.
 * @throws RequestError if it is none.
 */
export function bookId(text: string): number {
    if (!/^\d{1,9}$/.test(text)) throw new RequestError(400, `"${text}" is no book: give its number, such as 0.`);
    return Number(text);
}
