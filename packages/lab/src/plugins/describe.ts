import { table } from "../table";
import type { PluginChoice } from "./choose";

const KIND: Readonly<Record<PluginChoice["kind"], string>> = {
    LAB_PLUGINS: "LAB_PLUGINS",
    official: "official",
    built: "built from its Go module",
    "stand-in": "stand-in of the lab",
};

/** Which plugins are in use, a line each, and what the engine will warn of. */
export function describePlugins(choices: readonly PluginChoice[]): string {
    const rows = choices.map(({ executable, kind, version = "", why }) => [executable, KIND[kind], version, why]);
    return [table(["PLUGIN", "KIND", "VERSION", "WHY"], rows), ...choices.flatMap(warning)].join("\n");
}

/**
 * The engine compares a plugin's version with the one that the program wants, and warns in each run where it is older.
 */
function warning({ executable, version, wanted }: PluginChoice): string[] {
    if (version === undefined || wanted === undefined || version === wanted) return [];
    return [
        `The engine will warn that ${executable} is expected to have version ${wanted}: ${version} is the newest that can be`,
        "built from its Go module. What differs is in docs/provider-versions.md; the program depends on none of it.",
    ];
}
