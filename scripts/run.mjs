// Runs one of the project's programs, after installing the packages that it needs. Plain Node.js, for on a fresh clone
// there is nothing else.
//   node scripts/run.mjs <file.ts> [arguments]
//   node scripts/run.mjs --packages      only installs
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const repository = join(dirname(fileURLToPath(import.meta.url)), "..");
const OLDEST_NODE = [20, 19];

function fail(message) {
    console.error(message);
    process.exit(1);
}

function checkNode() {
    const [major, minor] = process.versions.node.split(".").map(Number);
    if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
    fail(`Node.js ${process.versions.node} is too old: install ${OLDEST_NODE.join(".")} or newer.`);
}

/**
 * The packages by their paths in a file of npm: a lock, or its record of what is installed.
 * @typedef {{ version?: string, dev?: boolean, optional?: boolean, devOptional?: boolean }} LockedPackage
 * @param {string} file
 */
function packagesIn(file) {
    /** @type {{ packages: Record<string, LockedPackage> }} */
    // eslint-disable-next-line @typescript-eslint/no-unsafe-assignment -- JavaScript has no cast that the rule knows
    const { packages } = JSON.parse(readFileSync(file, "utf8"));
    return packages;
}

/**
 * Packages whose installed version is not the locked one; optional ones may be for other platforms.
 * @param {boolean} forDevelopment whether those count that `npm ci --omit=dev` leaves out
 */
function outdated(forDevelopment) {
    const installedFile = join(repository, "node_modules", ".package-lock.json");
    if (!existsSync(installedFile)) return ["all"];
    const installed = packagesIn(installedFile);
    return Object.entries(packagesIn(join(repository, "package-lock.json")))
        .filter(([path, { optional, devOptional }]) => path !== "" && !optional && !devOptional)
        .filter(([, { dev = false }]) => forDevelopment || !dev)
        .filter(([path, { version }]) => installed[path]?.version !== version)
        .map(([path]) => path);
}

/** @param {boolean} forDevelopment */
function installPackages(forDevelopment) {
    if (outdated(forDevelopment).length === 0) return;
    console.error("Installing the project's packages (npm ci)");
    // Standard output is left to the program.
    const { status, error } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], {
        cwd: repository,
        stdio: ["ignore", 2, 2],
    });
    if (status !== 0)
        fail(
            `npm ci failed${error ? ` (${error.message})` : ""}: ` +
                "mend what it says above, then run the same command again.",
        );
}

const [entry, ...rest] = process.argv.slice(2);
if (entry === undefined) fail("Name the file to run: node scripts/run.mjs <file.ts> [arguments]");
checkNode();
// Checks, benchmarks and pictures are development; what serves a stack runs with what it was deployed with.
installPackages(entry === "--packages" || entry.startsWith("scripts/"));
if (entry !== "--packages") {
    const { register } = await import("tsx/cjs/api");
    register();
    const file = resolve(repository, entry);
    process.argv = [process.execPath, file, ...rest];
    createRequire(import.meta.url)(file);
}
