import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type OpenBrowser, type OpenPage, startBrowser } from "../../scripts/browser";
import { Lab, TEST_LAB } from "../support/lab";
import { untilAnswered } from "../support/lab-load";
import { Stack } from "../support/lab-stack";

const stack = new Stack(Lab.named(TEST_LAB));
const dir = mkdtempSync(join(tmpdir(), "bookinfo-"));
let browser: OpenBrowser;
let opened: OpenPage;

beforeAll(async () => {
    await stack.ensureUp();
    const { productpageUrl: url } = await stack.outputs<{ productpageUrl: string }>();
    await untilAnswered(url);
    // In the machine's own network: what a user's browser can do, this one must.
    browser = await startBrowser();
    opened = await browser.open({ url, width: 1280 });
});
afterAll(async () => {
    await browser?.close();
    rmSync(dir, { recursive: true });
});

/** The version of reviews that the page names, and the stars that it shows. */
async function seenReviews(): Promise<{ version: string | undefined; stars: string[] }> {
    const { page } = opened;
    const served = await page.locator(".served").innerText();
    const stars = await page
        .locator("svg.stars")
        .evaluateAll((all) => all.map((each) => each.getAttribute("aria-label") ?? ""));
    return { version: /reviews-(v\d)-/.exec(served)?.[1], stars };
}

describe("Bookinfo in a browser on the machine, through the lab's node port", () => {
    test("shows the book, its details and its reviews, in style", async () => {
        const { page, errors, requests } = opened;
        expect(await page.title()).toContain("The Comedy of Errors");
        expect(await page.locator("h1").innerText()).toContain("Comedy of Errors");
        expect(await page.locator("dl").innerText()).toMatch(/ISBN/i);
        expect(await page.locator("article").count()).toBe(2);
        expect(requests.some((each) => each.endsWith("/static/style.css"))).toBe(true);
        // A style sheet that was refused or empty would leave a block.
        expect(await page.evaluate<string>('getComputedStyle(document.querySelector("header .bar")).display')).toBe(
            "flex",
        );
        expect(errors).toEqual([]);
    });

    test("tells each hop's identity, proven by mutual TLS", async () => {
        const hops = await opened.page.locator(".way li .route").allInnerTexts();
        expect(hops.map((hop) => hop.replace(/\s+/g, " ")).filter((hop) => /mutual TLS/.test(hop)).length).toBe(
            hops.length,
        );
        expect(hops[0]).toMatch(/bookinfo-gateway-istio.*productpage/s);
    });

    test("changes its stars as the versions of reviews take turns: none, black and red", async () => {
        const seen = new Map<string, string[]>();
        for (let reload = 0; reload < 60 && seen.size < 3; reload += 1) {
            await opened.page.reload();
            const { version, stars } = await seenReviews();
            if (version !== undefined) seen.set(version, stars);
        }
        expect(Object.fromEntries(seen)).toEqual({
            v1: [],
            v2: [expect.stringMatching(/of 5 stars, black/), expect.stringMatching(/of 5 stars, black/)],
            v3: [expect.stringMatching(/of 5 stars, red/), expect.stringMatching(/of 5 stars, red/)],
        });
    });

    test("signs a user in and out", async () => {
        const { page } = opened;
        await page.getByText("Sign in").first().click();
        await page.getByLabel("User name").fill("jason");
        await page.getByLabel("Password").fill("any");
        await page.locator("form button").click();
        await page.waitForURL(/\/productpage/);
        expect(await page.locator(".user").innerText()).toBe("jason");
        await opened.screenshot(join(dir, "bookinfo.png"), { fullPage: true });
        expect(statSync(join(dir, "bookinfo.png")).size).toBeGreaterThan(20_000);
        await page.getByText("Sign out").click();
        await page.waitForURL(/\/productpage/);
        expect(await page.locator(".user").count()).toBe(0);
    });
});
