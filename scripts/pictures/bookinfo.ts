/**
 * The command behind `npm run docs:bookinfo`: opens the lab's Bookinfo in a browser, signs in, waits for red stars
 * and takes the
 * picture of the README, light and dark. For a lab that is up: npm run lab -- exec npm run docs:bookinfo
 */
import { join } from "node:path";
import { UserError } from "@istio-on-pulumi/kube";
import { labPlace, run } from "@istio-on-pulumi/lab";
import { startBrowser } from "../browser";

const SIZE = { width: 1240, height: 900 };
const MOST_RELOADS = 60;

async function main(): Promise<void> {
    const url = (
        await run(["pulumi", "stack", "output", "productpageUrl", "--stack", "lab"], { cwd: join(__dirname, "../..") })
    ).trim();
    // This command runs where pulumi reaches the cluster, so its browser does, too.
    const browser = await startBrowser(labPlace());
    try {
        for (const scheme of ["light", "dark"] as const) {
            const opened = await browser.open({ url, ...SIZE, scheme });
            const { page } = opened;
            await page.getByText("Sign in").first().click();
            await page.getByLabel("User name").fill("jason");
            await page.locator("form button").click();
            await page.waitForURL(/\/productpage/);
            for (let reload = 0; (await page.locator("svg.stars.red").count()) === 0; reload += 1) {
                if (reload === MOST_RELOADS)
                    throw new UserError(
                        `${url} showed no red stars in ${MOST_RELOADS} reloads: see whether reviews v3 is ready ` +
                            "(kubectl get pods -n istio-sample).",
                    );
                await page.reload();
            }
            const picture = join(__dirname, "../../docs", `bookinfo-${scheme}.png`);
            await opened.screenshot(picture, { fullPage: true });
            await opened.close();
            console.log(picture);
        }
    } finally {
        await browser.close();
    }
}

main().catch((error: unknown) => {
    console.error(error instanceof UserError ? error.message : error);
    process.exitCode = 1;
});
