/**
 * Writes `lock.json` anew from the Go modules of the upstream trees, or with `--check` says what is outdated in it.
 * Usage: tsx upstream/update-lock.ts [--check]
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { reasonOf, UserError } from "@istio-on-pulumi/kube";
import { generateLock, lockText } from "./generate-lock";

async function main(): Promise<void> {
    const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
    const file = join(__dirname, "lock.json");
    const wanted = lockText(await generateLock());
    const current = await readFile(file, "utf8").catch(() => "");
    if (current === wanted) {
        console.log("upstream/lock.json is up to date.");
    } else if (values.check) {
        throw new UserError(
            'upstream/lock.json does not match upstream/selection.ts: run "npx tsx upstream/update-lock.ts" and review the difference.',
        );
    } else {
        await writeFile(file, wanted);
        console.log("Wrote upstream/lock.json.");
    }
}

main().catch((error: unknown) => {
    console.error(reasonOf(error));
    process.exitCode = 1;
});
