import { createRequire } from "node:module";
import { join } from "node:path";

/** A plugin of the engine that the program needs. */
export interface PluginNeed {
    /** Name of its executable. */
    readonly executable: string;
    /** Name of the npm package that wants it, at the package's own version; the language host has none. */
    readonly resource?: { readonly name: string; readonly npmPackage: string };
    /** Directory under stand-ins of the lab's own; without one the plugin is built from its Go module. */
    readonly standIn?: string;
}

export const PLUGIN_NEEDS: readonly PluginNeed[] = [
    {
        executable: "pulumi-resource-kubernetes",
        resource: { name: "kubernetes", npmPackage: "@pulumi/kubernetes" },
    },
    {
        executable: "pulumi-resource-command",
        resource: { name: "command", npmPackage: "@pulumi/command" },
        standIn: "command",
    },
    { executable: "pulumi-language-nodejs", standIn: "language-nodejs" },
];

/** The version of a plugin that the program wants: that of the npm package which is installed. */
export function wantedVersion(repository: string, npmPackage: string): string {
    const fromProgram = createRequire(join(repository, "package.json"));
    return (fromProgram(`${npmPackage}/package.json`) as { version: string }).version;
}
