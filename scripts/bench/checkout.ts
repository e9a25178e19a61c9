import { execFileSync } from "node:child_process";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";

const repository = join(__dirname, "../..");
const LOCK = "package-lock.json";

/**
 * The project as it was at a commit, in a new directory, with the packages that it asks for.
 *
 * @returns the directory
 */
export function checkout(commit: string, directory: string): string {
    execFileSync("git", ["clone", "--quiet", "--no-checkout", repository, directory], { stdio: "inherit" });
    const id = execFileSync("git", ["rev-parse", "--verify", `${commit}^{commit}`], { cwd: repository });
    execFileSync("git", ["checkout", "--quiet", id.toString().trim()], { cwd: directory, stdio: "inherit" });
    const [own, others] = [repository, directory].map((place) => readFileSync(join(place, LOCK), "utf8"));
    if (own === others) {
        cpSync(join(repository, "node_modules"), join(directory, "node_modules"), {
            recursive: true,
            verbatimSymlinks: true,
        });
    } else {
        execFileSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: directory, stdio: "inherit" });
    }
    return directory;
}
