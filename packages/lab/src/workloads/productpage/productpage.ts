import type { Application } from "../application";
import { readText } from "../body";
import { type Exchange, json, type Reply, RequestError } from "../exchange";
import { forwardedHeaders } from "../forwarded-headers";
import { type Route, router } from "../router";
import { isUserName, LONGEST_USER, sessionCookie, signedInUser, userHeader } from "../session";
import type { BackendName, Settings } from "../settings";
import { Backends, UNAVAILABLE } from "./backends";
import { page } from "./page";
import { PRODUCT } from "./products";
import { ICON, STYLE } from "./static";

/** What the page may load and where its form may go: nothing else, should a backend's answer slip through as markup. */
const POLICY =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** The shop: the page, sign-in, and the API of upstream's productpage. */
export function productpage(settings: Settings): Application {
    const backends = new Backends(settings);

    /** Who is signed in goes along as `end-user`; what the browser sends under this name does not, as in upstream's. */
    const headersFor = ({ request }: Exchange) => {
        const user = signedInUser(request.headers);
        return forwardedHeaders(request.headers, user === undefined ? undefined : userHeader(user));
    };

    const show = async (exchange: Exchange): Promise<Reply> => {
        const headers = headersFor(exchange);
        const id = String(PRODUCT.id);
        const [details, reviews] = await Promise.all([
            backends.ask("details", id, headers),
            backends.ask("reviews", id, headers),
        ]);
        const hops = [...details.hops, ...reviews.hops];
        const user = signedInUser(exchange.request.headers);
        const body = page({ product: PRODUCT, user, details, reviews, hops: [exchange.hop, ...hops] });
        return {
            status: 200,
            headers: {
                "Content-Type": "text/html; charset=utf-8",
                "Cache-Control": "no-store",
                "Content-Security-Policy": POLICY,
            },
            body,
            hops,
        };
    };

    const passOn =
        (name: BackendName) =>
        async (exchange: Exchange, id = ""): Promise<Reply> => {
            const { status = 500, value, hops } = await backends.ask(name, id, headersFor(exchange));
            return json(status === 200 ? value : { error: UNAVAILABLE[name] }, status, hops);
        };

    const routes: Route[] = [
        { method: "GET", path: "/productpage", handle: show },
        { method: "POST", path: "/login", handle: signIn },
        { method: "GET", path: "/logout", handle: () => toPage(undefined) },
        { method: "GET", path: "/static/style.css", handle: () => file("text/css; charset=utf-8", STYLE) },
        { method: "GET", path: "/static/icon.svg", handle: () => file("image/svg+xml", ICON) },
        { method: "GET", path: "/api/v1/products", handle: () => json([PRODUCT]) },
        { method: "GET", path: "/api/v1/products/:id", handle: passOn("details") },
        { method: "GET", path: "/api/v1/products/:id/reviews", handle: passOn("reviews") },
        { method: "GET", path: "/api/v1/products/:id/ratings", handle: passOn("ratings") },
        {
            method: "GET",
            path: "/health",
            handle: () => ({ status: 200, headers: { "Content-Type": "text/plain" }, body: "productpage answers" }),
        },
    ];
    return { handle: router(routes), close: () => backends.close() };
}

/** Any password will do, as in upstream's. */
async function signIn({ request }: Exchange): Promise<Reply> {
    const user = new URLSearchParams(await readText(request)).get("username")?.trim() ?? "";
    if (isUserName(user)) return toPage(user);
    throw new RequestError(
        400,
        `Nobody is signed in: send a form with a username of 1 to ${LONGEST_USER} characters, and a passwd.`,
    );
}

function toPage(user: string | undefined): Reply {
    return {
        status: 302,
        headers: { Location: "/productpage", "Set-Cookie": sessionCookie(user), "Cache-Control": "no-store" },
        body: "",
    };
}

function file(type: string, body: string): Reply {
    return { status: 200, headers: { "Content-Type": type, "Cache-Control": "max-age=60" }, body };
}
