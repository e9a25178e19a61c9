import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
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
        script: kind === "stand-in" ? standInScript(file) : undefined,
    }));
    const missing = files.find(({ file }) => !existsSync(file));
    if (missing)
        throw new UserError(`There is no ${missing.executable} for the lab yet; get one by: npm run lab -- start`);
    const key = createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 12);
    const dir = join(place.state, "plugins", key);
    await wholeDirectory(dir, async (partial) => {
        for (const { executable, file, script } of files) {
            if (script !== undefined) await writeFile(join(partial, executable), script, { mode: 0o755 });
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
 * A stand-in is started by this Node.js, with the loader of the project, from whatever directory the engine runs in.
 */
function standInScript(main: string): string {
    const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
    return `#!/bin/sh\nexec ${quoted(process.execPath)} --import ${quoted(loader())} ${quoted(main)} "$@"\n`;
}

/** URL of the module that lets Node.js run TypeScript. */
export const loader = () => `file://${require.resolve("tsx")}`;
