import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { run, type Report } from "../run";
import { ensurePackages } from "./system";

/**
 * Installs pinned Python packages, which carry programs, into a directory of their own. It appears whole or not at all.
 * @param requirements file for pip; every package in it has its hashes.
 */
export async function installPythonPackages(requirements: string, dir: string, report: Report): Promise<void> {
    await ensurePackages({ python3: "python3" }, report);
    const pip = ["python3", "-m", "pip"] as const;
    await run([...pip, "--version"]).catch(() => run(["apt-get", "install", "--yes", "--no-install-recommends", "python3-pip"], { onLine: report }));
    const partial = `${dir}.partial-${process.pid}`;
    await mkdir(partial, { recursive: true });
    try {
        await run([...pip, "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:", "--require-hashes", "--target", partial, "-r", requirements], { onLine: report });
        await rename(partial, dir).catch((error: unknown) => {
            // Another start was faster.
            if (!existsSync(dir)) throw error;
        });
    } finally {
        await rm(partial, { recursive: true, force: true });
    }
}
