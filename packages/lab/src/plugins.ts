import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { UserError } from "@istio-on-pulumi/kube";
import { which } from "./build";
import type { LabPlace } from "./place";
import { type Report, run } from "./run";

/** A plugin of the engine that the project needs: name of its executable, and its version where it has one of its own. */
export interface PluginNeed {
    readonly executable: string;
    readonly resource?: { readonly name: string; readonly version: string };
    /** Directory under lab/plugins of the stand-in. */
    readonly standIn: string;
}

/** Which plugin is in use: one that LAB_PLUGINS names, an official one that is installed, or the lab's own. */
export interface PluginChoice {
    readonly executable: string;
    readonly kind: "LAB_PLUGINS" | "official" | "stand-in";
    /** The executable, or the stand-in's main file. */
    readonly file: string;
}

export const PLUGIN_NEEDS: readonly PluginNeed[] = [
    {
        executable: "pulumi-resource-kubernetes",
        resource: { name: "kubernetes", version: "4.34.2" },
        standIn: "kubernetes",
    },
    { executable: "pulumi-resource-command", resource: { name: "command", version: "1.2.1" }, standIn: "command" },
    { executable: "pulumi-language-nodejs", standIn: "language-nodejs" },
];

/** How long the one attempt to install an official plugin may take, in milliseconds. */
const INSTALL_TIMEOUT_MS = 20_000;

/** Directory, relative to a Pulumi home, of an installed plugin. */
const installedAs = ({ name, version }: { name: string; version: string }) =>
    join("plugins", `resource-${name}-v${version}`);

/**
 * Chooses each plugin: from LAB_PLUGINS, else installed in the user's Pulumi home or in the lab's cache, else beside the
 * machine's own engine, else the stand-in.
 * @throws UserError if LAB_PLUGINS names no directory, or one without any of the plugins.
 */
export function choosePlugins(place: LabPlace, env: NodeJS.ProcessEnv = process.env): PluginChoice[] {
    const given = givenDir(env);
    return PLUGIN_NEEDS.map((need) => {
        const own = given === undefined ? undefined : join(given, need.executable);
        if (own !== undefined && existsSync(own))
            return { executable: need.executable, kind: "LAB_PLUGINS", file: own };
        const official = officialFiles(need, place, env).find((file) => existsSync(file));
        if (official !== undefined) return { executable: need.executable, kind: "official", file: official };
        return {
            executable: need.executable,
            kind: "stand-in",
            file: join(__dirname, "stand-ins", need.standIn, "main.ts"),
        };
    });
}

function givenDir(env: NodeJS.ProcessEnv): string | undefined {
    if (!env.LAB_PLUGINS) return undefined;
    const dir = resolve(env.LAB_PLUGINS);
    const names = PLUGIN_NEEDS.map(({ executable }) => executable);
    if (!existsSync(dir))
        throw new UserError(
            `LAB_PLUGINS names ${dir}, which does not exist: name a directory that holds any of ${names.join(", ")}.`,
        );
    if (!names.some((name) => existsSync(join(dir, name))))
        throw new UserError(`LAB_PLUGINS names ${dir}, which holds none of ${names.join(", ")}.`);
    return dir;
}

function officialFiles(need: PluginNeed, place: LabPlace, env: NodeJS.ProcessEnv): string[] {
    if (need.resource) {
        const homes = [env.PULUMI_HOME || join(homedir(), ".pulumi"), attemptHome(place)];
        return homes.map((home) => join(home, installedAs(need.resource!), need.executable));
    }
    const engine = which("pulumi", env.PATH);
    return engine === undefined ? [] : [join(dirname(engine), need.executable)];
}

const attemptHome = (place: LabPlace) => join(place.cache, "official-plugins");

/**
 * Makes one attempt, remembered in the cache, to install each official resource plugin that would otherwise be a stand-in.
 * @param pulumi file of the engine.
 */
export async function attemptOfficialPlugins(place: LabPlace, pulumi: string, report: Report): Promise<void> {
    const choices = choosePlugins(place);
    for (const need of PLUGIN_NEEDS) {
        const choice = choices.find(({ executable }) => executable === need.executable);
        if (!need.resource || choice?.kind !== "stand-in") continue;
        const { name, version } = need.resource;
        const tried = join(attemptHome(place), `${name}-${version}.tried`);
        if (existsSync(tried)) continue;
        report(`asking for the official plugin ${name} ${version}, for at most ${INSTALL_TIMEOUT_MS / 1000} s`);
        await mkdir(attemptHome(place), { recursive: true });
        const env = { ...process.env, PULUMI_HOME: attemptHome(place), PULUMI_SKIP_UPDATE_CHECK: "true" };
        const outcome = await run([pulumi, "plugin", "install", "resource", name, version], {
            env,
            timeoutMs: INSTALL_TIMEOUT_MS,
        }).then(
            () => "installed",
            (error: Error) => error.message,
        );
        await writeFile(tried, `${outcome}\n`);
    }
}

/**
 * A directory that holds the chosen plugins under their executables' names. One choice is one directory that is never changed,
 * so that commands with different choices can run side by side.
 */
export async function pluginDir(place: LabPlace, choices: readonly PluginChoice[]): Promise<string> {
    const files = choices.map((choice) => ({
        ...choice,
        script: choice.kind === "stand-in" ? standInScript(choice.file) : undefined,
    }));
    const key = createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 12);
    const dir = join(place.state, "plugins", key);
    if (existsSync(dir)) return dir;
    const partial = `${dir}.partial-${process.pid}`;
    await mkdir(partial, { recursive: true });
    for (const { executable, file, script } of files) {
        if (script === undefined) {
            for (const name of await companions(dirname(file), executable))
                await symlink(join(dirname(file), name), join(partial, name));
        } else {
            await writeFile(join(partial, executable), script);
            await chmod(join(partial, executable), 0o755);
        }
    }
    await rename(partial, dir).catch(async (error: unknown) => {
        await rm(partial, { recursive: true, force: true });
        // Another command was faster.
        if (!existsSync(dir)) throw error;
    });
    return dir;
}

/** The official language host is several files (`pulumi-language-nodejs`, `pulumi-language-nodejs-exec`) that look for each other. */
async function companions(dir: string, executable: string): Promise<string[]> {
    return (await readdir(dir)).filter((name) => name === executable || name.startsWith(`${executable}-`));
}

/** A stand-in is started by this Node.js, with the loader of the project, from whatever directory the engine runs in. */
function standInScript(main: string): string {
    const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
    return `#!/bin/sh\nexec ${quoted(process.execPath)} --import ${quoted(loader())} ${quoted(main)} "$@"\n`;
}

/** URL of the module that lets Node.js run TypeScript. */
export const loader = () => `file://${require.resolve("tsx")}`;
