import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A provider plugin that an installed npm package belongs to. */
export interface RequiredPackage {
    /** the plugin's name, e.g. `kubernetes` */
    name: string;
    /** e.g. `v4.34.2` */
    version: string;
    /** where to download the plugin; empty for Pulumi's own */
    server: string;
}

interface Manifest {
    name?: string;
    version?: string;
    pulumi?: { resource?: boolean; name?: string; version?: string; server?: string };
}

/**
 * The plugins that the program's installed packages need, by the `pulumi` section of their package.json.
 * @throws Error when a package that declares a plugin names neither it nor its version
 */
export function requiredPackages(programDirectory: string): RequiredPackage[] {
    const found = new Map<string, RequiredPackage>();
    for (const manifestPath of installedManifests(nearestModules(programDirectory))) {
        const manifest = JSON.parse(readFileSync(manifestPath, "utf8")) as Manifest;
        if (manifest.pulumi?.resource !== true) continue;
        const required = describe(manifest, manifestPath);
        found.set(`${required.name}@${required.version}`, required);
    }
    return [...found.values()];
}

function describe(manifest: Manifest, manifestPath: string): RequiredPackage {
    const own = manifest.name?.startsWith("@pulumi/") ? manifest.name.slice("@pulumi/".length) : undefined;
    const name = manifest.pulumi?.name ?? own;
    const version = manifest.pulumi?.version ?? manifest.version;
    if (!name || !version) {
        throw new Error(
            `${manifestPath} declares a Pulumi plugin without a ${name ? "version" : "name"}: ` +
                `set "${name ? "version" : "name"}" in its "pulumi" section, or reinstall the package.`,
        );
    }
    return { name, version: version.startsWith("v") ? version : `v${version}`, server: manifest.pulumi?.server ?? "" };
}

/** Node looks for modules here and in every folder above; the first hit is where npm installed this project. */
function nearestModules(directory: string): string | undefined {
    for (let current = directory; ; current = dirname(current)) {
        const modules = join(current, "node_modules");
        if (existsSync(modules)) return modules;
        if (dirname(current) === current) return undefined;
    }
}

function* installedManifests(modules: string | undefined): Generator<string> {
    if (!modules || !existsSync(modules)) return;
    for (const entry of readdirSync(modules)) {
        if (entry.startsWith(".")) continue;
        const folders = entry.startsWith("@")
            ? readdirSync(join(modules, entry)).map((name) => join(modules, entry, name))
            : [join(modules, entry)];
        for (const folder of folders) {
            const manifest = join(folder, "package.json");
            if (existsSync(manifest)) yield manifest;
            yield* installedManifests(join(folder, "node_modules"));
        }
    }
}
