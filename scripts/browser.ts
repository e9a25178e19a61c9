import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { ensurePackages, inLab, type LabPlace, which } from "@istio-on-pulumi/lab";

export type ColorScheme = "light" | "dark";

export interface PageOptions {
    /** A URL: `file:`, `data:`, or one that the browser's network reaches. */
    readonly url: string;
    /** In CSS pixels. */
    readonly width: number;
    readonly height?: number;
    readonly scheme?: ColorScheme;
    /** How long the page may take to load, in milliseconds. */
    readonly timeoutMs?: number;
}

/** A page that has loaded, and what happened meanwhile and since. */
export interface OpenPage {
    readonly page: Page;
    /** The URL of everything that it asked for. */
    readonly requests: readonly string[];
    /** What the console shows as errors, and errors that no script caught. */
    readonly errors: readonly string[];
    /** Writes what is seen as PNG. */
    screenshot(file: string, options?: { fullPage?: boolean }): Promise<void>;
    close(): Promise<void>;
}

export interface OpenBrowser {
    open(options: PageOptions): Promise<OpenPage>;
    close(): Promise<void>;
}

/** Nothing but what a page asks for: no look for updates, no telemetry, no QUIC. */
const ARGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
];

/**
 * Starts a headless Chromium; installs it where it is missing and apt can.
 *
 * @param lab in whose network it runs; without one no name resolves, so that a page has files and loopback alone
 * @throws UserError where there is none and none can be installed
 */
export async function startBrowser(lab?: LabPlace): Promise<OpenBrowser> {
    await ensurePackages({ chromium: "chromium" }, console.log);
    const dir = mkdtempSync(join(tmpdir(), "istio-on-pulumi-browser-"));
    let executablePath = which("chromium")!;
    if (lab !== undefined) {
        // Playwright starts one program: this one becomes Chromium, with the pipes by which it is steered.
        const starter = join(dir, "chromium");
        writeFileSync(starter, `#!/bin/sh\nexec ${inLab(lab, [executablePath]).join(" ")} "$@"\n`);
        chmodSync(starter, 0o755);
        executablePath = starter;
    }
    const alone = lab === undefined ? ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"] : [];
    // Chromium refuses its sandbox to root, whom a lab has alone.
    const browser = await chromium.launch({
        executablePath,
        args: [...ARGS, ...alone],
        chromiumSandbox: lab === undefined && process.getuid?.() !== 0,
    });
    return {
        open: (options) => openPage(browser, options),
        close: async () => {
            await browser.close();
            rmSync(dir, { recursive: true, force: true });
        },
    };
}

async function openPage(
    browser: Browser,
    { url, width, height = 900, scheme = "light", timeoutMs = 30_000 }: PageOptions,
): Promise<OpenPage> {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme });
    const page = await context.newPage();
    const [requests, errors]: [string[], string[]] = [[], []];
    page.on("request", (request) => requests.push(request.url()));
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    await page.goto(url, { waitUntil: "load", timeout: timeoutMs });
    return {
        page,
        requests,
        errors,
        screenshot: async (path, { fullPage = false } = {}) => {
            await page.screenshot({ path, fullPage });
        },
        close: () => context.close(),
    };
}
