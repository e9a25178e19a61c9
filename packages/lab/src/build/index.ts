import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Report, run } from "../run";
import type { Go } from "./go";
import { istioBuild, type ToolBuild } from "./tools";

export { ensureBuild } from "./build";
export { ensureEnvoy } from "./envoy";
export { findGo, type Go } from "./go";
export { ensureSystem, which } from "./system";
export { BUILT_PLUGIN_VERSION, CLUSTER, ENGINE, KUBERNETES_PLUGIN, type ToolBuild, YAML_HOST } from "./tools";
export { wholeDirectory } from "./whole";
export { ensureWorkloads } from "./workloads";

/**
 * The directory of upstream's files for a lab, keyed by the lock file; written on first use, verified on each. It is
 * made by the program's own command, as a user would for a cluster without internet.
 * @param istio versions that it is to have besides those that it has; a new one has the default version
 */
export async function ensureBundle(
    repository: string,
    cache: string,
    go: Go,
    istio: readonly string[],
    report: Report,
): Promise<string> {
    const lock = await readFile(lockFile(repository));
    const dir = join(cache, "bundle", createHash("sha256").update(lock).digest("hex").slice(0, 16));
    const command = [process.execPath, "scripts/run.mjs", "upstream/cli.ts", dir, "--go", go.command];
    if (istio.length > 0) command.push("--istio", ...istio);
    await run(command, { cwd: repository, onLine: report });
    return dir;
}

/** The build of a locked version of Istio, whose module has the sums of the lock file. */
export async function istioBuildOf(repository: string, version: string): Promise<ToolBuild> {
    const { trees } = JSON.parse(await readFile(lockFile(repository), "utf8")) as {
        trees: Record<string, LockedModule>;
    };
    const { module, moduleVersion, moduleSum, moduleGoModSum } = trees[`istio-${version}`]!;
    return istioBuild(version, { module, version: moduleVersion, sum: moduleSum, goModSum: moduleGoModSum });
}

/** What is read of a tree in the lock file. */
type LockedModule = Record<"module" | "moduleVersion" | "moduleSum" | "moduleGoModSum", string>;

const lockFile = (repository: string) => join(repository, "upstream", "lock.json");
