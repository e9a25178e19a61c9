import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { codeOf, UserError } from "@istio-on-pulumi/kube";

/** Pulumi's plugins, by the npm package that each belongs to: package and plugin have one version. */
const PLUGINS = { kubernetes: "@pulumi/kubernetes", command: "@pulumi/command" } as const;

/**
 * Adds to a bundle what `pulumi up` would fetch beside upstream's files, for machines like this one: the plugins in
 * `pulumi/plugins`, by the engine itself, and npm's packages in the cache `npm`, each with the lock's checksum.
 *
 * @param dir the bundle, absolute
 * @param projectDir the project, whose package-lock.json says which packages
 * @throws UserError where a command is missing or fails
 */
export async function writeTools(dir: string, projectDir: string): Promise<void> {
    const { dependencies } = JSON.parse(await readFile(join(projectDir, "package.json"), "utf8")) as {
        dependencies: Record<string, string>;
    };
    for (const [plugin, name] of Object.entries(PLUGINS)) {
        const install = ["plugin", "install", "resource", plugin, `v${dependencies[name]}`];
        await run("pulumi", install, projectDir, { PULUMI_HOME: join(dir, "pulumi") });
    }
    // Elsewhere, so that the project's own packages stay as they are.
    const copy = await mkdtemp(join(tmpdir(), "istio-on-pulumi-packages-"));
    try {
        for (const file of await packageFiles(projectDir)) await cp(join(projectDir, file), join(copy, file));
        const fill = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--cache", join(dir, "npm")];
        await run("npm", fill, copy);
    } finally {
        await rm(copy, { recursive: true, force: true });
    }
}

/** The files that npm reads, those of the workspaces too. */
async function packageFiles(projectDir: string): Promise<string[]> {
    const workspaces = await readdir(join(projectDir, "packages"));
    return ["package.json", "package-lock.json", ...workspaces.map((name) => join("packages", name, "package.json"))];
}

/** Runs a command whose output is for the user alone. */
async function run(command: string, args: string[], cwd: string, env: Record<string, string> = {}): Promise<void> {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", 2, 2] });
    const line = [command, ...args].join(" ");
    const [code] = (await once(child, "close").catch((error: unknown) => {
        throw codeOf(error) === "ENOENT"
            ? new UserError(`There is no command "${command}", which fetches what the bundle lacks: install it first.`)
            : error;
    })) as [number | null];
    if (code !== 0) throw new UserError(`${line} failed: mend what it says above, then run the same command again.`);
}
