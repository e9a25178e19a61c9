import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { UserError } from "@istio-on-pulumi/kube";
import { BUILT_PLUGIN_VERSION, which } from "../build";
import type { LabPlace } from "../place";
import { type Downloadable, downloadHome, downloadPlugin, failedDownload } from "./download";
import { PLUGIN_NEEDS, type PluginNeed, wantedVersion } from "./needs";

/** Which plugin is in use, and why. */
export interface PluginChoice {
    readonly executable: string;
    /**
     * `LAB_PLUGINS`: the directory of that name holds it. `official`: it is installed or was downloaded. `built`: from
     * its Go
     * module. `stand-in`: the lab's own.
     */
    readonly kind: "LAB_PLUGINS" | "official" | "built" | "stand-in";
    /** The executable, or the stand-in's main file. */
    readonly file: string;
    /** Its version, where that is known without running it. */
    readonly version?: string;
    /** The version that the program wants; the language host has none of its own. */
    readonly wanted?: string;
    /** Why it is this one, as the end of a sentence. */
    readonly why: string;
}

/**
 * Chooses each plugin: from LAB_PLUGINS, else an official one (installed in the user's Pulumi home, downloaded by the
 * lab, or
 * beside the machine's own engine), else one built from its Go module or the stand-in.
 * @throws UserError if LAB_PLUGINS names no directory, or one without any of the plugins.
 */
export function choosePlugins(place: LabPlace, env: NodeJS.ProcessEnv = process.env): PluginChoice[] {
    const given = givenDirectory(env);
    return PLUGIN_NEEDS.map((need) => {
        const { executable } = need;
        const downloadable = downloadableOf(place, need);
        const wanted = downloadable?.version;
        if (given !== undefined && existsSync(join(given, executable)))
            return { executable, kind: "LAB_PLUGINS", file: join(given, executable), wanted, why: `in ${given}` };
        const official = officialFiles(need, place, env).find((file) => existsSync(file));
        if (official !== undefined)
            return {
                executable,
                kind: "official",
                file: official,
                version: wanted,
                wanted,
                why: `in ${dirname(official)}`,
            };
        const why = whyNotOfficial(place, downloadable);
        if (need.standIn === undefined) {
            const file = join(place.builtPlugins, executable);
            return { executable, kind: "built", file, version: BUILT_PLUGIN_VERSION, wanted, why };
        }
        const file = join(__dirname, "..", "stand-ins", need.standIn, "main.ts");
        return { executable, kind: "stand-in", file, version: wanted, wanted, why };
    });
}

function givenDirectory(env: NodeJS.ProcessEnv): string | undefined {
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

const downloadableOf = (place: LabPlace, { resource }: PluginNeed): Downloadable | undefined =>
    resource && { name: resource.name, version: wantedVersion(place.repository, resource.npmPackage) };

function officialFiles(need: PluginNeed, place: LabPlace, env: NodeJS.ProcessEnv): string[] {
    const downloadable = downloadableOf(place, need);
    if (downloadable) {
        const homes = [env.PULUMI_HOME || join(homedir(), ".pulumi"), downloadHome(place)];
        const installed = `resource-${downloadable.name}-v${downloadable.version}`;
        return homes.map((home) => join(home, "plugins", installed, need.executable));
    }
    const engine = which("pulumi", env.PATH);
    return engine === undefined ? [] : [join(dirname(engine), need.executable)];
}

function whyNotOfficial(place: LabPlace, downloadable?: Downloadable): string {
    if (downloadable === undefined) return "no pulumi on PATH brings an official one";
    const failed = failedDownload(place, downloadable);
    if (failed === undefined) return "none is installed, and none was downloaded yet";
    return `download failed on ${failed.at.slice(0, 16).replace("T", " at ")} UTC: ${failed.reason}`;
}

/** Downloads each official plugin that is neither given nor installed; see {@link downloadPlugin}. */
export async function downloadMissing(place: LabPlace, options: Parameters<typeof downloadPlugin>[2]): Promise<void> {
    const missing = choosePlugins(place)
        .filter(({ kind }) => kind === "built" || kind === "stand-in")
        .map(({ executable }) => PLUGIN_NEEDS.find((need) => need.executable === executable))
        .flatMap((need) => (need && downloadableOf(place, need)) ?? []);
    await Promise.all(missing.map((plugin) => downloadPlugin(place, plugin, options)));
}
