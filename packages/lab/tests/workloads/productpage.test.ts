import type { IncomingHttpHeaders, RequestListener } from "node:http";
import { describe, expect, it } from "vitest";
import { hopsOf, noBackend, startBackend, startWorkload } from "./support";

const answering =
    (status: number, body: string): RequestListener =>
    (_request, response) =>
        response.writeHead(status).end(body);

/** Productpage in front of backends that answer well, or as given. */
async function shop(replaced: Record<string, string> = {}) {
    const ratings = await startWorkload("ratings");
    const details = await startWorkload("details");
    const reviews = await startWorkload("reviews v2", { HOSTNAME: "reviews-v2-6c-x7z", ...ratings.asBackend });
    return startWorkload("productpage", {
        ...ratings.asBackend,
        ...details.asBackend,
        ...reviews.asBackend,
        ...replaced,
    });
}

const pageOf = async (backends: Record<string, string> = {}, init?: RequestInit) =>
    (await (await shop(backends)).ask("/productpage", init)).text();

const form = (fields: Record<string, string>) => ({ method: "POST", body: new URLSearchParams(fields) });

const cookieOf = (response: Response) => response.headers.getSetCookie().join().split(";")[0] ?? "";

describe("the page", () => {
    it("shows the book, its details and its reviews with their pod", async () => {
        const { ask } = await shop();
        const response = await ask("/productpage");
        expect([response.status, response.headers.get("content-type"), response.headers.get("cache-control")]).toEqual([
            200,
            "text/html; charset=utf-8",
            "no-store",
        ]);
        const page = await response.text();
        expect(page).toContain("<h1>The Comedy of Errors</h1>");
        expect(page).toContain('<a href="https://en.wikipedia.org/wiki/The_Comedy_of_Errors">');
        expect(page).toContain("<dt>Publisher</dt><dd>Lab Press</dd>");
        expect(page).toContain("Reviews served by: <code>reviews-v2-6c-x7z</code></p>");
        expect(page.match(/aria-label="[^"]*"/g)).toEqual([
            'aria-label="5 of 5 stars, black"',
            'aria-label="4 of 5 stars, black"',
        ]);
        expect(page.match(/class="full"/g)).toHaveLength(9);
        expect(page.match(/class="empty"/g)).toHaveLength(1);
        expect(page).toContain("the lab’s own small implementation of Istio’s");
        expect(page).not.toContain("failure");
    });

    it("shows the stars of the version that answers", async () => {
        const ratings = await startWorkload("ratings");
        const none = await pageOf((await startWorkload("reviews v1")).asBackend);
        expect(none).toContain("Reviewer1");
        expect(none).not.toMatch(/<svg|failure/);
        expect(await pageOf((await startWorkload("reviews v3", ratings.asBackend)).asBackend)).toContain(
            'class="stars red"',
        );
    });

    it("names the cluster that reviews names", async () => {
        expect(await pageOf((await startWorkload("reviews v1", { CLUSTER_NAME: "east" })).asBackend)).toContain(
            "on cluster <code>east</code>",
        );
    });

    it.each([
        [
            "details",
            503,
            "The details of this book are unavailable at the moment. " +
                "<span>The service details answered with status 503.</span>",
        ],
        [
            "reviews",
            500,
            "The reviews of this book are unavailable at the moment. " +
                "<span>The service reviews answered with status 500.</span>",
        ],
    ])("says with 200 that %s failed", async (name, status, sentence) => {
        const { asBackend } = await startBackend(name, answering(status, "{}"));
        const { ask } = await shop(asBackend);
        const response = await ask("/productpage");
        expect(response.status).toBe(200);
        expect(await response.text()).toContain(sentence);
    });

    it("says that nobody answers", async () => {
        const page = await pageOf({ ...(await noBackend("details")), ...(await noBackend("reviews")) });
        expect(page).toContain("The service details gave no answer.");
        expect(page).toContain("The service reviews gave no answer.");
    });

    it("says that ratings are unavailable where the stars would be", async () => {
        const reviews = await startWorkload("reviews v2", await noBackend("ratings"));
        expect(await pageOf(reviews.asBackend)).toContain(
            '<p class="failure">Ratings are unavailable at the moment.</p>',
        );
    });

    it("escapes whatever backends and users say", async () => {
        const evil = `<script>"'&`;
        const reviews = [
            { reviewer: evil, text: evil, rating: { stars: 1e9, color: evil } },
            { reviewer: 1, text: {}, rating: { error: evil } },
            null,
            "x",
        ];
        const { asBackend: details } = await startBackend(
            "details",
            answering(200, JSON.stringify({ publisher: evil, author: { evil } })),
        );
        const { asBackend } = await startBackend(
            "reviews",
            answering(200, JSON.stringify({ podname: evil, clustername: evil, reviews })),
        );
        const app = await shop({ ...details, ...asBackend });
        const cookie = cookieOf(await app.ask("/login", form({ username: evil, passwd: "x" })));
        const page = await (
            await app.ask("/productpage", {
                headers: { cookie, "x-forwarded-client-cert": 'URI="spiffe://<script>\\"\'&"' },
            })
        ).text();
        expect(page).not.toContain("<script");
        expect(page.split("&#60;script&#62;&#34;&#39;&#38;")).toHaveLength(1 + 9);
        expect(page).toContain('<svg class="stars black"');
        expect(page).toContain("5 of 5 stars");
    });

    it.each(["[]", "null", "1", '{"reviews":1}'])("stands whatever JSON backends say: %s", async (body) => {
        const { asBackend: details } = await startBackend("details", answering(200, body));
        const { asBackend } = await startBackend("reviews", answering(200, body));
        expect(await pageOf({ ...details, ...asBackend })).toContain("<h2>Book reviews</h2>");
    });

    it("may load nothing but its own style and icon", async () => {
        const { ask } = await shop();
        const response = await ask("/productpage");
        expect(response.headers.get("content-security-policy")).toContain(
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'",
        );
        const links = [...(await response.text()).matchAll(/<link [^>]*href="([^"]*)"/g)].map(([, href]) => href ?? "");
        expect(links).toEqual(["/static/style.css", "/static/icon.svg"]);
        const types = await Promise.all(links.map(async (href) => (await ask(href)).headers.get("content-type")));
        expect(types).toEqual(["text/css; charset=utf-8", "image/svg+xml"]);
    });
});

describe("signing in", () => {
    it.each(["jason", "Zoë <b>", "日本 語"])("keeps %j until sign-out, and tells backends", async (username) => {
        let headers: IncomingHttpHeaders = {};
        const { asBackend } = await startBackend("details", (request, response) => {
            headers = request.headers;
            response.end("{}");
        });
        const { ask } = await shop(asBackend);
        const signedIn = await ask("/login", form({ username, passwd: "any" }));
        expect([signedIn.status, signedIn.headers.get("location")]).toEqual([302, "/productpage"]);
        expect(signedIn.headers.getSetCookie().join()).toMatch(/; Path=\/; HttpOnly; SameSite=Lax$/);
        const cookie = cookieOf(signedIn);
        const page = await (await ask("/productpage", { headers: { cookie: `a=b; ${cookie}` } })).text();
        expect(page).toContain(
            `<span class="user">${username.replaceAll("<", "&#60;").replaceAll(">", "&#62;")}</span>`,
        );
        expect(page).toContain('href="/logout"');
        expect(Buffer.from(String(headers["end-user"]), "latin1").toString("utf8")).toBe(username);

        const out = await ask("/logout", { headers: { cookie } });
        expect([out.status, out.headers.get("location"), out.headers.getSetCookie()]).toEqual([
            302,
            "/productpage",
            ["lab-session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"],
        ]);
        const after = await (await ask("/productpage", { headers: { cookie: cookieOf(out) } })).text();
        expect(after).toContain('action="/login"');
        expect(headers["end-user"]).toBeUndefined();
    });

    it.each([{}, { username: " " }, { username: "x".repeat(65) }, { username: "a\nb" }])(
        "refuses %j",
        async (fields) => {
            const { ask } = await startWorkload("productpage");
            const response = await ask("/login", form(fields as Record<string, string>));
            expect([response.status, await response.json()]).toEqual([
                400,
                { error: "Nobody is signed in: send a form with a username of 1 to 64 characters, and a passwd." },
            ]);
        },
    );

    it.each(["lab-session=", "lab-session=%%%", `lab-session=${Buffer.from("a\r\nb").toString("base64url")}`])(
        "takes the cookie %j for nobody's",
        async (cookie) => {
            expect(await pageOf({}, { headers: { cookie } })).toContain('action="/login"');
        },
    );
});

describe("the API", () => {
    it("lists the books", async () => {
        const { ask } = await startWorkload("productpage");
        const products = (await (await ask("/api/v1/products")).json()) as object[];
        expect(products.map((product) => Object.keys(product))).toEqual([["id", "title", "descriptionHtml"]]);
        expect(products[0]).toMatchObject({ id: 0, title: "The Comedy of Errors" });
    });

    it("passes on what the backends say", async () => {
        const { ask } = await shop();
        expect(await (await ask("/api/v1/products/2")).json()).toMatchObject({ id: 2, publisher: "Lab Press" });
        expect(await (await ask("/api/v1/products/2/reviews")).json()).toMatchObject({
            id: "2",
            podname: "reviews-v2-6c-x7z",
        });
        expect(await (await ask("/api/v1/products/2/ratings")).json()).toEqual({
            id: 2,
            ratings: { Reviewer1: 5, Reviewer2: 4 },
        });
    });

    it.each([
        ["details", ""],
        ["reviews", "/reviews"],
        ["ratings", "/ratings"],
    ])("passes on the status of %s, 500 if it does not answer", async (name, path) => {
        const error = `The ${name} of this book are unavailable at the moment.`;
        const failing = await startWorkload("productpage", (await startBackend(name, answering(418, "x"))).asBackend);
        const response = await failing.ask(`/api/v1/products/0${path}`);
        expect([response.status, await response.json()]).toEqual([418, { error }]);
        const silent = await startWorkload("productpage", await noBackend(name));
        const none = await silent.ask(`/api/v1/products/0${path}`);
        expect([none.status, await none.json()]).toEqual([500, { error }]);
    });

    it("asks for the book that was named, whatever characters it has", async () => {
        const asked: (string | undefined)[] = [];
        const { asBackend } = await startBackend("details", (request, response) => {
            asked.push(request.url);
            response.end("{}");
        });
        const { ask } = await startWorkload("productpage", asBackend);
        await ask("/api/v1/products/a%2F..%20%3F");
        expect(asked).toEqual(["/details/a%2F..%20%3F"]);
    });

    it("asks reviews twice before it gives up, details once", async () => {
        const asked: (string | undefined)[] = [];
        const listener: RequestListener = (request, response) => {
            asked.push(request.url);
            response.writeHead(503).end();
        };
        const reviews = await startBackend("reviews", listener);
        const details = await startBackend("details", listener);
        const { ask } = await startWorkload("productpage", { ...reviews.asBackend, ...details.asBackend });
        await ask("/api/v1/products/0/reviews");
        await ask("/api/v1/products/0");
        expect(asked).toEqual(["/reviews/0", "/reviews/0", "/details/0"]);
    });
});

it("is healthy without its backends, and answers nowhere else", async () => {
    const { ask } = await startWorkload("productpage");
    const health = await ask("/health");
    expect([health.status, await health.text(), hopsOf(health)]).toEqual([
        200,
        "productpage answers",
        [{ from: null, to: "productpage", pod: "productpage-pod", peer: null, own: null }],
    ]);
    const others = [
        "/",
        "/index.html",
        "/static/",
        "/static/other.css",
        "/api/v1",
        "/api/v1/products/",
        "/api/v1/products/0/other",
        "/productpage/",
    ];
    expect(await Promise.all(others.map(async (path) => (await ask(path)).status))).toEqual(others.map(() => 404));
    expect((await ask("/login")).status).toBe(405);
});
