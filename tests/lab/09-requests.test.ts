import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { MeshReport } from "@istio-on-pulumi/inspect";
import { Lab, TEST_LAB } from "../support/lab";
import { type Answered, ask, untilAnswered } from "../support/lab-load";
import { eventually } from "../support/lab-objects";
import { Stack } from "../support/lab-stack";
import { BOOKINFO_NAMESPACE } from "../support/lab-walkthrough";
import { stayingPods } from "../support/pods";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);
let origin: string;

beforeAll(async () => {
    await stack.ensureUp();
    const { productpageUrl } = await stack.outputs<{ productpageUrl: string }>();
    // From the machine, not from the lab's namespace: as a user's browser does.
    origin = new URL(productpageUrl).origin;
    await untilAnswered(productpageUrl);
});

const get = (path: string): Promise<Answered> => ask(`${origin}${path}`);
const status = async (path: string) => (await get(path)).status;
const apply = (...objects: object[]) =>
    lab.output(["kubectl", "apply", "--namespace", BOOKINFO_NAMESPACE, "-f", "-"], {
        input: objects.map((object) => JSON.stringify(object)).join("\n---\n"),
    });
const remove = (...names: string[]) =>
    lab.output(["kubectl", "delete", "--namespace", BOOKINFO_NAMESPACE, "--ignore-not-found", ...names]);

/** `inspect traffic`: one request at a time, since Envoy prefers whoever has fewer under way. */
async function traffic(requests: number): Promise<NonNullable<MeshReport["traffic"]> & { problems: string[] }> {
    const { stdout, stderr } = await lab.run([
        "node",
        "scripts/run.mjs",
        "packages/inspect/src/cli.ts",
        "traffic",
        "--requests",
        String(requests),
        "--concurrency",
        "1",
        "--json",
    ]);
    const report = JSON.parse(stdout || JSON.stringify({ stderr })) as MeshReport;
    if (!report.traffic) throw new Error(`no report of traffic: ${stderr}${stdout}`);
    // Of a right mesh three shares in a thousand runs leave the interval that it judges by; here is a wider one.
    const problems = report.findings
        .filter(({ severity, code }) => severity === "problem" && code !== "traffic/share")
        .map(({ message }) => message);
    return { ...report.traffic, problems };
}

describe("the routes of the HTTPRoute", () => {
    test.each([
        ["/productpage", 200, /Comedy of Errors/],
        ["/static/style.css", 200, /\{/],
        ["/logout", 302, /^/],
        ["/api/v1/products", 200, /"title"/],
        ["/api/v1/products/0", 200, /"ISBN-10"|"isbn/i],
        ["/api/v1/products/0/reviews", 200, /"podname"/],
        ["/api/v1/products/0/ratings", 200, /"ratings"/],
    ])("%s is answered by Bookinfo with %i", async (path, expected, body) => {
        const answer = await get(path);
        expect(answer.status).toBe(expected);
        expect(answer.body).toMatch(body);
        expect(answer.headers["x-lab-hops"]).toContain("productpage");
    });

    test("a sign-in is kept by a cookie and shown on the page", async () => {
        const signedIn = await ask(`${origin}/login`, {
            method: "POST",
            headers: { "content-type": "application/x-www-form-urlencoded" },
            body: "username=jason&passwd=x",
        });
        expect([302, 303]).toContain(signedIn.status);
        const cookie = [signedIn.headers["set-cookie"]].flat()[0]!.split(";")[0]!;
        expect((await ask(`${origin}/productpage`, { headers: { cookie } })).body).toContain("jason");
        expect((await get("/productpage")).body).not.toContain("jason");
    });

    test.each(["/", "/productpages", "/productpage/x", "/login/x", "/api/v1", "/api/v2/products", "/health"])(
        "%s is answered by the gateway with 404",
        async (path) => {
            const { status, headers } = await get(path);
            expect([status, headers.server, headers["x-lab-hops"]]).toEqual([404, "istio-envoy", undefined]);
        },
    );
});

describe("requests through the mesh", () => {
    test("spread over the three versions of reviews, with mutual TLS on each hop, a new connection each", async () => {
        const seen = await traffic(300);
        expect([seen.sent, seen.succeeded, seen.failures]).toEqual([300, 300, []]);
        expect(seen.reviews.versions.map(({ version }) => version).sort()).toEqual(["v1", "v2", "v3"]);
        // Five standard deviations of a fair third.
        for (const { answers } of seen.reviews.versions)
            expect(Math.abs(answers - 100)).toBeLessThan(5 * Math.sqrt(300 * (1 / 3) * (2 / 3)));
        const hops = seen.hops.rows.map(({ from, to, security }) => `${from ?? "client"} -> ${to}: ${security}`);
        expect(hops).toEqual(
            expect.arrayContaining([
                "bookinfo-gateway-istio -> productpage: mutual TLS",
                "bookinfo-productpage -> details: mutual TLS",
                "bookinfo-productpage -> reviews: mutual TLS",
                "bookinfo-reviews -> ratings: mutual TLS",
            ]),
        );
        expect(seen.problems).toEqual([]);
    });

    test("follow the weights of an HTTPRoute for the Service reviews", async () => {
        const service = (version: string) => ({
            apiVersion: "v1",
            kind: "Service",
            metadata: { name: `reviews-${version}` },
            spec: { selector: { app: "reviews", version }, ports: [{ name: "http", port: 9080 }] },
        });
        const backend = (version: string, weight: number) => ({ name: `reviews-${version}`, port: 9080, weight });
        await apply(service("v1"), service("v3"), {
            apiVersion: "gateway.networking.k8s.io/v1",
            kind: "HTTPRoute",
            metadata: { name: "reviews" },
            spec: {
                parentRefs: [{ group: "", kind: "Service", name: "reviews", port: 9080 }],
                rules: [{ backendRefs: [backend("v1", 90), backend("v3", 10)] }],
            },
        });
        try {
            const version = async () => /reviews-(v\d)/.exec((await get("/productpage")).body)?.[1];
            let quiet = 0;
            await eventually(
                version,
                (seen) => (quiet = seen === "v2" ? 0 : quiet + 1) >= 30,
                "no page by reviews v2 any more",
                { everyMs: 20 },
            );
            const seen = await traffic(300);
            expect(seen.succeeded).toBe(300);
            const answers = new Map(seen.reviews.versions.map((each) => [each.version, each.answers]));
            expect([...answers.keys()].sort()).toEqual(["v1", "v3"]);
            expect(Math.abs(answers.get("v3")! - 30)).toBeLessThan(5 * Math.sqrt(300 * 0.1 * 0.9));
            expect(seen.problems).toEqual([]);
        } finally {
            await remove("httproute/reviews", "service/reviews-v1", "service/reviews-v3");
        }
    });
});

describe("security policies", () => {
    afterAll(async () => {
        await remove("peerauthentication/strict", "authorizationpolicy/no-api");
        await eventually(
            () => status("/api/v1/products"),
            (code) => code === 200,
            "nothing is denied any more",
        );
    });

    test("STRICT mutual TLS refuses a plaintext connection to a pod, and lets the gateway's in", async () => {
        const [pod] = await stayingPods(lab, 1, BOOKINFO_NAMESPACE, "app=productpage");
        const plain = () =>
            lab.run([
                "curl",
                "--silent",
                "--max-time",
                "5",
                "--output",
                "/dev/null",
                "--write-out",
                "%{http_code}",
                `http://${pod!.status.podIP}:9080/health`,
            ]);
        expect((await plain()).stdout).toBe("200");
        await apply({
            apiVersion: "security.istio.io/v1",
            kind: "PeerAuthentication",
            metadata: { name: "strict" },
            spec: { mtls: { mode: "STRICT" } },
        });
        // 56 is a connection that the server has reset.
        await eventually(plain, ({ code }) => code === 56, "plaintext is refused");
        expect(await status("/productpage")).toBe(200);
    });

    test("an AuthorizationPolicy denies what it names, and only that", async () => {
        await apply({
            apiVersion: "security.istio.io/v1",
            kind: "AuthorizationPolicy",
            metadata: { name: "no-api" },
            spec: {
                selector: { matchLabels: { app: "productpage" } },
                action: "DENY",
                rules: [{ to: [{ operation: { paths: ["/api/*"] } }] }],
            },
        });
        await eventually(
            () => status("/api/v1/products"),
            (code) => code === 403,
            "the API is denied",
        );
        expect((await get("/api/v1/products")).body).toContain("RBAC: access denied");
        expect(await status("/productpage")).toBe(200);
    });
});
