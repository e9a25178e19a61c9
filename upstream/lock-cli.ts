/** The command behind `npm run lock`. */
import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { DEFAULT_ISTIO, ISTIO_RELEASES, type IstioRelease, UserError } from "@istio-on-pulumi/kube";
import { generateLock, lockText } from "./generate-lock";
import type { Lock } from "./lock-format";
import { readRelease } from "./release";
import { selectedTrees } from "./selection";

const ROOT = join(__dirname, "..");
const LOCK_FILE = join(__dirname, "lock.json");
const VERSIONS_FILE = join(ROOT, "packages/kube/src/versions.json");

const program = new Command("npm run lock --")
    .description("The locked versions of Istio and Gateway API, and the checksums of their files.")
    .showHelpAfterError()
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
program
    .command("update")
    .description("write upstream/lock.json anew from the Go modules of the locked versions")
    .action(async () => {
        await writeFile(LOCK_FILE, await wantedLock(ISTIO_RELEASES));
        console.log("Wrote upstream/lock.json.");
    });
program.command("check").description("fail where upstream/lock.json is not what update would write").action(check);
program
    .command("add")
    .description("lock a version of Istio, the Gateway API that goes with it, and all that is known of it")
    .argument("<version>", "the release, such as 1.25.3")
    .option("--module <revision>", "its commit or Go module version, where the Go module proxy does not know its tag")
    .action(add);
program.parseAsync().catch((error: unknown) => {
    console.error(error instanceof UserError ? error.message : error);
    process.exitCode = 1;
});

async function check(): Promise<void> {
    if ((await readFile(LOCK_FILE, "utf8").catch(() => "")) !== (await wantedLock(ISTIO_RELEASES))) {
        throw new UserError(
            "upstream/lock.json does not match upstream/selection.ts and the locked versions: " +
                'run "npm run lock -- update" and review the difference.',
        );
    }
    console.log("upstream/lock.json is up to date.");
}

async function add(version: string, { module: revision = version }: { module?: string }): Promise<void> {
    if (Object.hasOwn(ISTIO_RELEASES, version)) throw new UserError(`Istio ${version} is locked already.`);
    const releases = Object.fromEntries(
        Object.entries({ ...ISTIO_RELEASES, [version]: await readRelease(version, revision) }).sort(byVersion),
    );
    // Before anything is written: a file that cannot be had or edited must leave all as it was.
    const lock = await wantedLock(releases);
    await writeFile(VERSIONS_FILE, `${JSON.stringify({ default: DEFAULT_ISTIO, istio: releases }, undefined, 2)}\n`);
    await writeFile(LOCK_FILE, lock);
    // What tells of the versions that are allowed.
    const formatted = ["packages/kube/src/versions.json", "config/stack.schema.json"];
    execFileSync("npm", ["run", "--silent", "config:update"], { cwd: ROOT, stdio: "inherit" });
    execFileSync("npx", ["prettier", "--log-level", "warn", "--write", ...formatted], { cwd: ROOT, stdio: "inherit" });
    const { gatewayApi, bookinfo, kubernetes } = releases[version]!;
    console.log(
        `Locked Istio ${version}: Gateway API ${gatewayApi}, Bookinfo ${bookinfo}, Kubernetes ${kubernetes.join(" to ")}. ` +
            "Run the tests, review the difference, and commit it.",
    );
}

/** The lock's text; the modules that the present lock knows are checked against its sums. */
async function wantedLock(releases: Readonly<Record<string, IstioRelease>>): Promise<string> {
    const known = await readFile(LOCK_FILE, "utf8")
        .then((text) => (JSON.parse(text) as Lock).trees)
        .catch((): Lock["trees"] => ({}));
    const trees = selectedTrees(releases).map((tree) => {
        const { moduleVersion, moduleSum, moduleGoModSum } = known[tree.root] ?? {};
        return moduleVersion === tree.moduleVersion ? { ...tree, moduleSum, moduleGoModSum } : tree;
    });
    return lockText(await generateLock(trees));
}

function byVersion([a]: [string, unknown], [b]: [string, unknown]): number {
    return a.localeCompare(b, "en", { numeric: true });
}
