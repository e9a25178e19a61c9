/**
 * The command behind `npm run docs:inspect`: inspects the current kubeconfig's cluster and renders a part of the page
 * for
 * the documentation, light and dark. In the lab: npm run lab -- exec npm run docs:inspect
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { inspectMesh, type MeshReport } from "@istio-on-pulumi/inspect";
import { renderPage } from "@istio-on-pulumi/inspect/page";
import { UserError } from "@istio-on-pulumi/kube";
import { startBrowser } from "../browser";

const SIZE = { width: 1240, height: 1612 };
/** Services of the picture: the way in, and one with several endpoints. */
const SHOWN = ["bookinfo-gateway-istio:http", "reviews:http"];

/** What the picture shows of a report: the topology and two Services' chains. */
function excerpt({ at, cluster, namespaces, injection, topology, nat, findings, ok }: MeshReport): MeshReport {
    const paths =
        nat?.paths.filter(
            ({ service, portName, family }) => family === "IPv4" && SHOWN.includes(`${service}:${portName}`),
        ) ?? [];
    return {
        at,
        cluster,
        namespaces,
        injection,
        topology,
        ...(nat && { nat: { ...nat, paths } }),
        findings: findings.filter(({ severity }) => severity === "problem"),
        ok,
    };
}

async function main(): Promise<void> {
    const markup = renderPage(excerpt(await inspectMesh({ sections: ["doctor", "nat"], ask: false })));
    const dir = await mkdtemp(join(tmpdir(), "inspect-"));
    const browser = await startBrowser();
    try {
        const file = join(dir, "page.html");
        await writeFile(file, markup);
        for (const scheme of ["light", "dark"] as const) {
            const picture = join(__dirname, "../../docs", `inspect-${scheme}.png`);
            const page = await browser.open({ url: pathToFileURL(file).href, ...SIZE, scheme });
            await page.screenshot(picture);
            await page.close();
            console.log(picture);
        }
    } finally {
        await browser.close();
        await rm(dir, { recursive: true, force: true });
    }
}

main().catch((error: unknown) => {
    console.error(error instanceof UserError ? error.message : error);
    process.exitCode = 1;
});
