/** The command behind `npm run lock:update` and `npm run lock:check`. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { UserError } from "@istio-on-pulumi/kube";
import { generateLock, lockText } from "./generate-lock";

new Command("npm run lock:update --")
    .description("Writes upstream/lock.json anew from the Go modules of the upstream trees.")
    .option("--check", "write nothing, and fail where it is outdated")
    .showHelpAfterError()
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
    .action(updateLock)
    .parseAsync()
    .catch((error: unknown) => {
        console.error(error instanceof UserError ? error.message : error);
        process.exitCode = 1;
    });

async function updateLock({ check }: { check?: boolean }): Promise<void> {
    const file = join(__dirname, "lock.json");
    const wanted = lockText(await generateLock());
    const current = await readFile(file, "utf8").catch(() => "");
    if (current === wanted) {
        console.log("upstream/lock.json is up to date.");
    } else if (check) {
        throw new UserError(
            "upstream/lock.json does not match upstream/selection.ts: " +
                'run "npm run lock:update" and review the difference.',
        );
    } else {
        await writeFile(file, wanted);
        console.log("Wrote upstream/lock.json.");
    }
}
