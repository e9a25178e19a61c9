import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type MeshReport, note, problem } from "@istio-on-pulumi/inspect";
import { renderPage } from "@istio-on-pulumi/inspect/page";
import { report } from "@istio-on-pulumi/inspect/testing";
import { type ColorScheme, type OpenBrowser, startBrowser } from "../../scripts/browser";
import { Lab, TEST_LAB } from "../support/lab";
import { Stack } from "../support/lab-stack";
import { lookAt, type SeenPage } from "../support/page-look";

const lab = Lab.named(TEST_LAB);
const dir = mkdtempSync(join(tmpdir(), "inspect-page-"));
let browser: OpenBrowser;

beforeAll(async () => {
    await new Stack(lab).ensureUp();
    writeFileSync(
        join(dir, "long.html"),
        renderPage(
            lengthened(
                report({
                    ok: false,
                    findings: [
                        problem("a", "shop/reviews:http", "It is stale, and so it must be looked at."),
                        note("b", "shop", "Worth a note."),
                    ],
                }),
            ),
        ),
    );
    // 1 where something is wrong with the lab's mesh, which is not for this file.
    const { code, stderr } = await lab.run([
        "node",
        "scripts/run.mjs",
        "packages/inspect/src/cli.ts",
        "doctor",
        "--html",
        join(dir, "lab.html"),
    ]);
    expect([0, 1], stderr).toContain(code);
    browser = await startBrowser();
});
afterAll(async () => {
    await browser?.close();
    rmSync(dir, { recursive: true });
});

/** The report with names as long as Kubernetes allows. */
function lengthened(short: MeshReport): MeshReport {
    const long = (name: string, most: number) => `${name}-${"that-goes-on-and-on-".repeat(4)}`.slice(0, most - 1) + "x";
    const text = JSON.stringify(short)
        .replaceAll('"reviews-v1"', `"${long("reviews-v1", 63)}"`)
        .replaceAll('"shop/reviews:http"', `"${long("shop", 63)}/${long("reviews", 63)}:http"`);
    return JSON.parse(text) as MeshReport;
}

const WIDTHS = { phone: 390, desktop: 1280 };
const cases = (["lab", "long"] as const).flatMap((name) =>
    (["light", "dark"] as const).flatMap((scheme) =>
        (Object.keys(WIDTHS) as (keyof typeof WIDTHS)[]).map((screen) => [name, scheme, screen] as const),
    ),
);

describe.each(cases)("the page %s, %s, on a %s", (name, scheme: ColorScheme, screen) => {
    const width = WIDTHS[screen];
    let seen: SeenPage;
    let [requests, errors]: [readonly string[], readonly string[]] = [[], []];

    beforeAll(async () => {
        const opened = await browser.open({ url: pathToFileURL(join(dir, `${name}.html`)).href, width, scheme });
        seen = await lookAt(opened.page);
        ({ requests, errors } = opened);
        await opened.close();
    });

    test("asks for nothing but itself, and has no errors", () => {
        expect(requests.filter((url) => !/^(file|data):/.test(url))).toEqual([]);
        expect(requests).toHaveLength(1);
        expect(errors).toEqual([]);
    });

    test("does not scroll sideways, and no text leaves it", () => {
        expect(seen.width).toBe(width);
        expect(seen.scrollWidth).toBeLessThanOrEqual(width);
        expect(seen.texts.filter(({ left, right }) => left < 0 || right > width)).toEqual([]);
    });

    test("has text that is seen and stands out", () => {
        expect(seen.texts.length).toBeGreaterThan(100);
        expect(seen.texts.filter(({ covered }) => covered)).toEqual([]);
        expect(seen.texts.filter(({ contrast, large }) => contrast < (large ? 3 : 4.5))).toEqual([]);
    });

    test("is as light or dark as the reader's system", () => {
        if (scheme === "light") expect(seen.background).toBeGreaterThan(0.8);
        else expect(seen.background).toBeLessThan(0.05);
    });

    test("shows the topology for this width, in a size to be read", () => {
        expect(seen.pictures.map((picture) => picture.name)).toEqual([screen === "phone" ? "narrow" : "wide"]);
        const [picture] = seen.pictures;
        expect(picture!.width).toBeGreaterThan(width * 0.7);
        expect(picture!.height).toBeGreaterThan(200);
    });
});
