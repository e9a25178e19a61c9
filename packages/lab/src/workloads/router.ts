import { type Exchange, type Handler, type Reply, RequestError } from "./exchange";

/** What answers one method and path. */
export interface Route {
    readonly method: "GET" | "POST";
    /** Such as `/details/:id`: a part that begins with a colon takes any one part of a path. */
    readonly path: string;
    /** @param parts the parts that were taken, decoded. */
    readonly handle: (exchange: Exchange, ...parts: string[]) => Reply | Promise<Reply>;
}

/** A handler that answers by the first route that fits; HEAD is answered as GET. */
export function router(routes: readonly Route[]): Handler {
    return (exchange) => {
        const method = exchange.method === "HEAD" ? "GET" : exchange.method;
        const fitting = routes.flatMap((route) => {
            const parts = takeParts(route.path, exchange.path);
            return parts ? [{ route, parts }] : [];
        });
        const found = fitting.find(({ route }) => route.method === method);
        if (found) return found.route.handle(exchange, ...found.parts);
        if (fitting.length === 0) {
            const paths = [...new Set(routes.map(({ path }) => path))].join(", ");
            throw new RequestError(404, `Nothing answers at ${exchange.path}; there is ${paths}.`);
        }
        const allowed = fitting.map(({ route }) => route.method).join(", ");
        throw new RequestError(405, `${exchange.path} does not take ${exchange.method}, only ${allowed}.`, {
            Allow: allowed,
        });
    };
}

/** The decoded parts of a path that stand where the pattern has colons; undefined if it does not fit. */
function takeParts(pattern: string, path: string): string[] | undefined {
    const wanted = pattern.split("/");
    const given = path.split("/");
    const fits =
        wanted.length === given.length &&
        wanted.every((part, at) => (part.startsWith(":") ? given[at] !== "" : part === given[at]));
    if (!fits) return undefined;
    return given.filter((_, at) => wanted[at]?.startsWith(":")).map(decoded);
}

function decoded(part: string): string {
    try {
        return decodeURIComponent(part);
    } catch {
        throw new RequestError(400, `"${part}" in the path is not percent-encoded UTF-8.`);
    }
}
