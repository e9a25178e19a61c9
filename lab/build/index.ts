import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { UpstreamFileError } from "../../artifacts";
import { writeBundle } from "../../artifacts/bundle";
import { LabFailure } from "../failure";
import type { Report } from "../run";
import type { Go } from "./go";

export { buildModule } from "./build";
export { ensureEnvoy } from "./envoy";
export { findGo, type Go } from "./go";
export { ensureSystem, which } from "./system";
export { ensureWorkloads } from "./workloads";
export { MODULES, PULUMI, type ToolModule } from "./tools";

/** The directory of upstream's files for a lab, keyed by the lock file; written on first use, verified on each. */
export async function ensureBundle(repository: string, cache: string, go: Go, report: Report): Promise<string> {
    const lock = await readFile(join(repository, "artifacts", "lock.json"));
    const dir = join(cache, "bundle", createHash("sha256").update(lock).digest("hex").slice(0, 16));
    const written = writeBundle(dir, { source: "auto", go: { goCommand: go.command }, onProgress: (done, total, path) => report(`${done} of ${total} files, now ${path}`) });
    await written.catch((error: unknown) => {
        throw error instanceof UpstreamFileError ? new LabFailure(error.message) : error;
    });
    return dir;
}
