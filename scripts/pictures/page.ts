import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { startBrowser } from "../browser";

/**
 * Takes the pictures `docs/<name>-light.png` and `docs/<name>-dark.png` of a page, and prints their paths.
 *
 * @param html the page, which needs nothing but itself
 * @param size of what is seen, in CSS pixels
 */
export async function takePictures(name: string, html: string, size: { width: number; height: number }): Promise<void> {
    const dir = await mkdtemp(join(tmpdir(), `${name}-`));
    const browser = await startBrowser();
    try {
        const file = join(dir, "page.html");
        await writeFile(file, html);
        for (const scheme of ["light", "dark"] as const) {
            const picture = join(__dirname, "../../docs", `${name}-${scheme}.png`);
            const page = await browser.open({ url: pathToFileURL(file).href, ...size, scheme });
            await page.screenshot(picture);
            await page.close();
            console.log(picture);
        }
    } finally {
        await browser.close();
        await rm(dir, { recursive: true, force: true });
    }
}
