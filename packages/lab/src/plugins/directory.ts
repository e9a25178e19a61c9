import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { UserError } from "@istio-on-pulumi/kube";
import { wholeDirectory } from "../build";
import type { LabPlace } from "../place";
import type { PluginChoice } from "./choose";

/**
 * A directory that holds the chosen plugins under their executables' names. One choice is one directory that is never
 * changed,
 * so that commands with different choices can run side by side.
 * @throws UserError if one has not been built yet.
 */
export async function pluginDir(place: LabPlace, choices: readonly PluginChoice[]): Promise<string> {
    const files = choices.map(({ executable, kind, file }) => ({
        executable,
        file,
        sources: kind === "stand-in" && existsSync(file) ? sourcesDigest(place, file) : undefined,
    }));
    const missing = files.find(({ file }) => !existsSync(file));
    if (missing)
        throw new UserError(`There is no ${missing.executable} for the lab yet; get one by: npm run lab -- start`);
    const key = createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 12);
    const dir = join(place.state, "plugins", key);
    await wholeDirectory(dir, async (partial) => {
        for (const { executable, file, sources } of files) {
            if (sources !== undefined) await buildStandIn(file, partial, executable);
            else
                for (const name of await companions(dirname(file), executable))
                    await symlink(join(dirname(file), name), join(partial, name));
        }
    });
    return dir;
}

/**
 * The official language host is several files (`pulumi-language-nodejs`, `pulumi-language-nodejs-exec`) that look for
 * each other.
 */
async function companions(dir: string, executable: string): Promise<string[]> {
    return (await readdir(dir)).filter((name) => name === executable || name.startsWith(`${executable}-`));
}

/**
 * Makes an executable of a stand-in, which this Node.js runs. In one file, for the engine waits for each plugin at each
 * command: from its sources one takes half a second to start, so 0.15 s.
 */
async function buildStandIn(main: string, directory: string, executable: string): Promise<void> {
    const { build } = await import("esbuild");
    const script = `${executable}.js`;
    await build({
        entryPoints: [main],
        outfile: join(directory, script),
        bundle: true,
        platform: "node",
        target: `node${process.versions.node}`,
        // What ssh2 does without, where a machine has no compiler.
        external: ["*.node"],
        logLevel: "warning",
    });
    const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
    const start = `#!/bin/sh\nexec ${quoted(process.execPath)} "$(dirname "$0")"/${quoted(script)} "$@"\n`;
    await writeFile(join(directory, executable), start, { mode: 0o755 });
}

/** Changes with the sources of the stand-ins, of which some are both's, with their packages and with Node.js. */
function sourcesDigest(place: LabPlace, main: string): string {
    const directory = dirname(dirname(main));
    const hash = createHash("sha256").update(process.execPath).update(process.version);
    hash.update(readFileSync(join(place.repository, "package-lock.json")));
    for (const name of readdirSync(directory, { recursive: true, encoding: "utf8" }).sort()) {
        if (name.endsWith(".ts")) hash.update(name).update(readFileSync(join(directory, name)));
    }
    return hash.digest("hex");
}

/** URL of the module that lets Node.js run TypeScript. */
export const loader = () => `file://${require.resolve("tsx")}`;
