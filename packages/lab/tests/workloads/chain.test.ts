import { type IncomingHttpHeaders, request as httpRequest } from "node:http";
import { describe, expect, it } from "vitest";
import { hopsOf, spiffe, startBackend, startWorkload, xfcc } from "./support";

/** Takes requests for `name` and hands them on with the client's identity, as the proxies between the two do. */
async function proxied(name: string, target: { ports: readonly number[] }, client: string) {
    return startBackend(name, (request, response) => {
        const headers = { ...request.headers, "x-forwarded-client-cert": xfcc(client, `bookinfo-${name}`) };
        const onward = httpRequest(
            { host: "127.0.0.1", port: target.ports[0], path: request.url, method: request.method, headers },
            (answer) => {
                response.writeHead(answer.statusCode ?? 500, answer.headers);
                answer.pipe(response);
            },
        );
        request.pipe(onward);
    });
}

const hop = (client: string | null, to: string, pod: string) => ({
    from: client,
    to,
    pod,
    peer: client === null ? null : spiffe(client),
    own: client === null ? null : spiffe(`bookinfo-${to}`),
});

describe("hops through productpage -> reviews -> ratings", () => {
    it("are proved from end to end", async () => {
        const ratings = await proxied("ratings", await startWorkload("ratings"), "bookinfo-reviews");
        const reviews = await proxied(
            "reviews",
            await startWorkload("reviews v3", ratings.asBackend),
            "bookinfo-productpage",
        );
        const details = await proxied("details", await startWorkload("details"), "bookinfo-productpage");
        const app = await startWorkload("productpage", { ...reviews.asBackend, ...details.asBackend });
        const gateway = await proxied("productpage", app, "bookinfo-gateway-istio");

        const response = await fetch(`http://127.0.0.1:${gateway.port}/productpage`);
        const hops = [
            hop("bookinfo-gateway-istio", "productpage", "productpage-pod"),
            hop("bookinfo-productpage", "details", "details-pod"),
            hop("bookinfo-productpage", "reviews", "reviews-v3-pod"),
            hop("bookinfo-reviews", "ratings", "ratings-pod"),
        ];
        expect(hopsOf(response)).toEqual(hops);
        const page = await response.text();
        expect(page.match(/class="badge secure">mutual TLS</g)).toHaveLength(4);
        expect(page).toContain(`<code>${spiffe("bookinfo-reviews")}</code>`);
    });

    it("show plain text for what it is", async () => {
        const ratings = await startWorkload("ratings");
        const reviews = await proxied(
            "reviews",
            await startWorkload("reviews v2", ratings.asBackend),
            "bookinfo-productpage",
        );
        const app = await startWorkload("productpage", reviews.asBackend);
        const response = await app.ask("/api/v1/products/0/reviews");
        expect(hopsOf(response)).toEqual([
            hop(null, "productpage", "productpage-pod"),
            hop("bookinfo-productpage", "reviews", "reviews-v2-pod"),
            hop(null, "ratings", "ratings-pod"),
        ]);
    });

    it("are reported by a backend that fails too", async () => {
        const details = await startBackend("details", (_request, response) =>
            response.writeHead(503, { "x-lab-hops": JSON.stringify([hop(null, "details", "d")]) }).end(),
        );
        const app = await startWorkload("productpage", details.asBackend);
        const response = await app.ask("/api/v1/products/0");
        expect([response.status, hopsOf(response)]).toEqual([
            503,
            [hop(null, "productpage", "productpage-pod"), hop(null, "details", "d")],
        ]);
    });

    it("are told on errors as well", async () => {
        const { ask } = await startWorkload("details");
        expect(hopsOf(await ask("/nowhere"))).toEqual([hop(null, "details", "details-pod")]);
    });
});

describe("headers that are handed on", () => {
    const HANDED_ON = [
        "x-request-id",
        "traceparent",
        "tracestate",
        "b3",
        "x-b3-traceid",
        "x-b3-spanid",
        "x-b3-parentspanid",
        "x-b3-sampled",
        "x-b3-flags",
        "x-ot-span-context",
        "x-cloud-trace-context",
        "grpc-trace-bin",
        "sw8",
        "x-datadog-trace-id",
        "x-datadog-parent-id",
        "x-datadog-sampling-priority",
        "user-agent",
        "cookie",
        "authorization",
        "jwt",
    ];
    const sent = {
        ...Object.fromEntries(HANDED_ON.map((name) => [name, `the ${name}`])),
        "end-user": "jason",
        "x-other": "no",
        "x-forwarded-client-cert": "URI=spiffe://a",
    };

    async function received(args: string, backendName: string, path: string): Promise<IncomingHttpHeaders> {
        let headers: IncomingHttpHeaders = {};
        const { asBackend } = await startBackend(backendName, (request, response) => {
            headers = request.headers;
            response.end("{}");
        });
        await (await startWorkload(args, asBackend)).ask(path, { headers: sent });
        return headers;
    }

    it.each([
        ["productpage", "details", "/api/v1/products/0"],
        ["productpage", "reviews", "/api/v1/products/0/reviews"],
        ["reviews v2", "ratings", "/reviews/0"],
    ])("by %s to %s", async (args, backendName, path) => {
        const headers = await received(args, backendName, path);
        expect(headers).toMatchObject(Object.fromEntries(HANDED_ON.map((name) => [name, `the ${name}`])));
        expect(headers["x-other"]).toBeUndefined();
        expect(headers["x-forwarded-client-cert"]).toBeUndefined();
    });

    it("include the user that reviews was told, but not one that a browser claims", async () => {
        expect((await received("reviews v2", "ratings", "/reviews/0"))["end-user"]).toBe("jason");
        expect((await received("productpage", "details", "/api/v1/products/0"))["end-user"]).toBeUndefined();
    });
});
