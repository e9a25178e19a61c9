/**
 * The command behind `npm run docs:inspect`: inspects the current kubeconfig's cluster and renders a part of the page for
 * the documentation, light and dark. In the lab: npm run lab -- exec npm run docs:inspect
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InspectError } from "../error";
import { inspectMesh } from "../inspect";
import type { MeshReport } from "../report";
import { renderPage } from "./page";

const BROWSERS = ["chromium", "chromium-browser", "google-chrome"];
const SIZE = { width: 1240, height: 1612 };
const DOCS = join(__dirname, "../../docs");
/** Services of the picture: the way in, and one with several endpoints. */
const SHOWN = ["bookinfo-gateway-istio:http", "reviews:http"];

/** What the picture shows of a report: the topology and two Services' chains. */
function excerpt({ at, cluster, namespaces, injection, topology, nat, findings, ok }: MeshReport): MeshReport {
    const paths = nat?.paths.filter(({ service, portName, family }) => family === "IPv4" && SHOWN.includes(`${service}:${portName}`)) ?? [];
    return { at, cluster, namespaces, injection, topology, ...(nat && { nat: { ...nat, paths } }), findings: findings.filter(({ severity }) => severity === "problem"), ok };
}

async function main(): Promise<void> {
    const page = renderPage(excerpt(await inspectMesh({ sections: ["doctor", "nat"], ask: false })));
    const dir = await mkdtemp(join(tmpdir(), "inspect-"));
    try {
        const file = join(dir, "page.html");
        await writeFile(file, page);
        for (const scheme of ["light", "dark"] as const) {
            const picture = join(DOCS, `inspect-${scheme}.png`);
            await shoot(file, picture, scheme, join(dir, scheme));
            console.log(picture);
        }
    } finally {
        await rm(dir, { recursive: true, force: true });
    }
}

async function shoot(page: string, picture: string, scheme: "light" | "dark", profile: string): Promise<void> {
    const args = [
        "--headless", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic",
        // Chromium refuses its sandbox to root; the page is this program's own and has no script.
        ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
        `--user-data-dir=${profile}`, `--window-size=${SIZE.width},${SIZE.height}`, `--blink-settings=preferredColorScheme=${scheme === "dark" ? 0 : 1}`, `--screenshot=${picture}`, `file://${page}`,
    ];
    for (const browser of BROWSERS) {
        const code = await new Promise<number | null | "absent">((resolve, reject) => {
            const child = spawn(browser, args, { stdio: "ignore" });
            child.once("error", (error: NodeJS.ErrnoException) => (error.code === "ENOENT" ? resolve("absent") : reject(error)));
            child.once("exit", resolve);
        });
        if (code === 0) return;
        if (code !== "absent") throw new InspectError(`${browser} could not render the page (exit code ${code}); see what it says with the same arguments: ${args.join(" ")}`);
    }
    throw new InspectError(`There is no Chromium on this machine's PATH (tried: ${BROWSERS.join(", ")}); install one to render the picture.`);
}

main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof InspectError ? error.message : String(error instanceof Error ? error.stack : error)}\n`);
    process.exitCode = 1;
});
