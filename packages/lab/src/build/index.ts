import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Report, run } from "../run";
import type { Go } from "./go";

export { ensureBuild } from "./build";
export { ensureEnvoy } from "./envoy";
export { findGo, type Go } from "./go";
export { ensureSystem, which } from "./system";
export { BUILT_PLUGIN_VERSION, CLUSTER, ENGINE, KUBERNETES_PLUGIN, type ToolBuild, YAML_HOST } from "./tools";
export { wholeDirectory } from "./whole";
export { ensureWorkloads } from "./workloads";

/**
 * The directory of upstream's files for a lab, keyed by the lock file; written on first use, verified on each. It is
 * made by
 * the program's own command, as a user would for a cluster without internet.
 */
export async function ensureBundle(repository: string, cache: string, go: Go, report: Report): Promise<string> {
    const lock = await readFile(join(repository, "upstream", "lock.json"));
    const dir = join(cache, "bundle", createHash("sha256").update(lock).digest("hex").slice(0, 16));
    const command = [process.execPath, "scripts/run.mjs", "upstream/cli.ts", dir, "--go", go.command];
    await run(command, { cwd: repository, onLine: report });
    return dir;
}
