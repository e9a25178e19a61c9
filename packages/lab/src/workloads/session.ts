import type { IncomingHttpHeaders } from "node:http";

const COOKIE = "lab-session";

/** Longest user name, in characters. */
export const LONGEST_USER = 64;

/** Whether a text may be a user's name: it is sent in a header, which takes no control characters. */
export const isUserName = (text: string): boolean =>
    text.length > 0 && text.length <= LONGEST_USER && !/[\p{Cc}\p{Cs}]/u.test(text);

/** Who is signed in. The cookie is not signed: any name and any password will do, as in upstream's Bookinfo. */
export function signedInUser(headers: IncomingHttpHeaders): string | undefined {
    const [, value] =
        (headers.cookie ?? "")
            .split(";")
            .map((pair) => pair.trim().split("="))
            .find(([name]) => name === COOKIE) ?? [];
    if (!value) return undefined;
    const user = Buffer.from(value, "base64url").toString("utf8");
    return isUserName(user) ? user : undefined;
}

/** The `Set-Cookie` header that signs a user in; without one it signs out. */
export function sessionCookie(user: string | undefined): string {
    const value = user === undefined ? "; Max-Age=0" : Buffer.from(user, "utf8").toString("base64url");
    return `${COOKIE}=${value}; Path=/; HttpOnly; SameSite=Lax`;
}

/** A user's name as header value: headers carry bytes, and Node.js takes each as one character. */
export const userHeader = (user: string): string => Buffer.from(user, "utf8").toString("latin1");
