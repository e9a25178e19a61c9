import { describe, expect, it } from "vitest";
import { hopsOf, noBackend, startBackend, startWorkload } from "./support";

const post = (body: string) => ({ method: "POST", body });

describe("details", () => {
    it("knows every book by its number", async () => {
        const { ask } = await startWorkload("details");
        const response = await ask("/details/7");
        expect(response.status).toBe(200);
        expect(response.headers.get("content-type")).toBe("application/json");
        const book = (await response.json()) as Record<string, unknown>;
        expect(Object.keys(book)).toEqual([
            "id",
            "author",
            "year",
            "type",
            "pages",
            "publisher",
            "language",
            "ISBN-10",
            "ISBN-13",
        ]);
        expect(book["id"]).toBe(7);
    });

    it.each(["x", "-1", "0x1", "1e3", "%30%20", "1234567890"])("refuses book %j", async (id) => {
        const { ask } = await startWorkload("details");
        const response = await ask(`/details/${id}`);
        expect([response.status, await response.json()]).toEqual([
            400,
            { error: `"${decodeURIComponent(id)}" is no book: give its number, such as 0.` },
        ]);
    });
});

describe("every application's routes", () => {
    it.each([
        ["details", "/details/:id, /health"],
        ["ratings", "/ratings/:id, /health"],
        ["reviews v1", "/reviews/:id, /health"],
    ])("%s is healthy and answers nowhere else", async (args, paths) => {
        const { ask } = await startWorkload(args);
        const name = args.split(" ")[0];
        const health = await ask("/health");
        expect([health.status, await health.json()]).toEqual([200, { status: `${name} answers` }]);
        for (const path of ["/", `/${name}`, `/${name}/`, `/${name}/0/more`, "/health/"]) {
            const response = await ask(path);
            expect([response.status, await response.json()]).toEqual([
                404,
                { error: `Nothing answers at ${path}; there is ${paths}.` },
            ]);
        }
    });

    it("take HEAD as GET, and say which methods a path takes", async () => {
        const { ask } = await startWorkload("ratings");
        const head = await ask("/ratings/0", { method: "HEAD" });
        expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([
            200,
            String((await (await ask("/ratings/0")).text()).length),
            "",
        ]);
        const response = await ask("/ratings/0", { method: "DELETE" });
        expect([response.status, response.headers.get("allow"), await response.json()]).toEqual([
            405,
            "GET, POST",
            { error: "/ratings/0 does not take DELETE, only GET, POST." },
        ]);
    });

    it("leave the query out and refuse a path that is not UTF-8", async () => {
        const { ask } = await startWorkload("details");
        expect((await ask("/details/0?x=/y")).status).toBe(200);
        const response = await ask("/details/%ff");
        expect([response.status, await response.json()]).toEqual([
            400,
            { error: '"%ff" in the path is not percent-encoded UTF-8.' },
        ]);
    });
});

describe("ratings", () => {
    it("gives two reviewers' stars, or those that were posted", async () => {
        const { ask } = await startWorkload("ratings");
        expect(await (await ask("/ratings/0")).json()).toEqual({ id: 0, ratings: { Reviewer1: 5, Reviewer2: 4 } });
        const posted = await ask("/ratings/3", post('{"Reviewer1":1}'));
        expect([posted.status, await posted.json()]).toEqual([200, { id: 3, ratings: { Reviewer1: 1 } }]);
        expect(await (await ask("/ratings/3")).json()).toEqual({ id: 3, ratings: { Reviewer1: 1 } });
        expect(await (await ask("/ratings/0")).json()).toEqual({ id: 0, ratings: { Reviewer1: 5, Reviewer2: 4 } });
    });

    it("forgets the book that was rated first when there are more than a hundred", async () => {
        const { ask } = await startWorkload("ratings");
        for (let book = 0; book <= 100; book += 1) await ask(`/ratings/${book}`, post('{"Reviewer1":1}'));
        expect(await (await ask("/ratings/0")).json()).toMatchObject({ ratings: { Reviewer1: 5 } });
        expect(await (await ask("/ratings/1")).json()).toMatchObject({ ratings: { Reviewer1: 1 } });
    });

    it.each(["", "no", "[1]", "1", "null"])("refuses the body %j", async (body) => {
        const { ask } = await startWorkload("ratings");
        const response = await ask("/ratings/0", post(body));
        expect([response.status, await response.json()]).toEqual([
            400,
            { error: 'The body is not JSON such as {"Reviewer1":5,"Reviewer2":4}.' },
        ]);
    });

    it("refuses a long body", async () => {
        const { ask } = await startWorkload("ratings");
        const response = await ask("/ratings/0", post(JSON.stringify({ Reviewer1: "x".repeat(65_536) })));
        expect([response.status, await response.json()]).toEqual([
            413,
            { error: "The body has 65552 bytes; at most 65536 are taken." },
        ]);
    });
});

describe("reviews", () => {
    type Answer = { reviews: { reviewer: string; text: string; rating?: unknown }[] };
    const reviewsOf = async (response: Response) => ((await response.json()) as Answer).reviews;

    it("names its pod and, if it knows it, its cluster", async () => {
        const { ask } = await startWorkload("reviews v1", { HOSTNAME: "reviews-v1-5f-abcde" });
        expect(await (await ask("/reviews/0")).json()).toMatchObject({
            id: "0",
            podname: "reviews-v1-5f-abcde",
            clustername: "null",
        });
        const east = await startWorkload("reviews v1", { CLUSTER_NAME: "east" });
        expect(await (await east.ask("/reviews/0")).json()).toMatchObject({ clustername: "east" });
    });

    it.each([
        ["v1", [undefined, undefined]],
        [
            "v2",
            [
                { stars: 5, color: "black" },
                { stars: 4, color: "black" },
            ],
        ],
        [
            "v3",
            [
                { stars: 5, color: "red" },
                { stars: 4, color: "red" },
            ],
        ],
    ])("%s has its stars", async (version, ratings) => {
        const { asBackend } = await startWorkload("ratings");
        const { ask } = await startWorkload(`reviews ${version}`, asBackend);
        const reviews = await reviewsOf(await ask("/reviews/0"));
        expect(reviews.map(({ reviewer }) => reviewer)).toEqual(["Reviewer1", "Reviewer2"]);
        expect(reviews.every(({ text }) => text.length > 0)).toBe(true);
        expect(reviews.map(({ rating }) => rating)).toEqual(ratings);
    });

    const unavailable = { error: "Ratings are unavailable at the moment." };

    it.each([
        ["fails", 503, "{}", [unavailable, unavailable]],
        ["says no JSON", 200, "oops", [unavailable, unavailable]],
        ["says null", 200, "null", [unavailable, unavailable]],
        [
            "has no number for a reviewer",
            200,
            '{"ratings":{"Reviewer1":"5","Reviewer2":3}}',
            [unavailable, { stars: 3, color: "red" }],
        ],
        [
            "says too much",
            200,
            JSON.stringify({ ratings: { Reviewer1: 1 }, more: "x".repeat(1024 * 1024) }),
            [unavailable, unavailable],
        ],
    ])("says so when ratings %s", async (_, status, body, ratings) => {
        const { asBackend } = await startBackend("ratings", (_request, response) =>
            response.writeHead(status).end(body),
        );
        const { ask } = await startWorkload("reviews v3", asBackend);
        const response = await ask("/reviews/0");
        expect(response.status).toBe(200);
        expect((await reviewsOf(response)).map(({ rating }) => rating)).toEqual(ratings);
    });

    it("says so when nobody listens", async () => {
        const { ask } = await startWorkload("reviews v2", await noBackend("ratings"));
        const response = await ask("/reviews/0");
        expect(hopsOf(response)).toHaveLength(1);
        expect((await reviewsOf(response)).map(({ rating }) => rating)).toEqual([unavailable, unavailable]);
    });
});

describe("echo", () => {
    it("says what it was asked, on each of its ports", async () => {
        const { ports } = await startWorkload("echo", { LAB_PORTS: "0,0" });
        expect(ports).toHaveLength(2);
        for (const port of ports) {
            const response = await fetch(`http://127.0.0.1:${port}/any/path?q=1`, {
                method: "PATCH",
                headers: { "x-me": "1", "x-forwarded-client-cert": "By=spiffe://b;URI=spiffe://a" },
                body: "häl\u{1f600}lo",
            });
            expect(response.status).toBe(200);
            expect(await response.json()).toMatchObject({
                pod: "echo-pod",
                method: "PATCH",
                path: "/any/path?q=1",
                port,
                peer: "spiffe://a",
                own: "spiffe://b",
                headers: { "x-me": "1" },
                body: "häl\u{1f600}lo",
                bodyEncoding: "utf8",
                bodyBytes: 10,
            });
        }
    });

    it.each([
        ["nothing", Buffer.alloc(0), "", "utf8", 0],
        ["bytes that are no text", Buffer.from([0xff, 0x00]), "/wA=", "base64", 2],
        ["64 KiB", Buffer.alloc(65_536, "a"), "a".repeat(65_536), "utf8", 65_536],
        ["the first 64 KiB of more", Buffer.alloc(200_000, "a"), "a".repeat(65_536), "utf8", 200_000],
        [
            "text that is cut inside a character",
            Buffer.from(`a${"ä".repeat(32_768)}`),
            `a${"ä".repeat(32_767)}`,
            "utf8",
            65_537,
        ],
    ])("gives back %s", async (_, sent, body, bodyEncoding, bodyBytes) => {
        const { ask } = await startWorkload("echo");
        expect(await (await ask("/", { method: "POST", body: new Uint8Array(sent) })).json()).toMatchObject({
            body,
            bodyEncoding,
            bodyBytes,
        });
    });
});

it("all but echo listen on the first port alone", async () => {
    expect((await startWorkload("details", { LAB_PORTS: "0,0" })).ports).toHaveLength(1);
});
