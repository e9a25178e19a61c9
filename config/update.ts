/** Writes what is made from the schema of the settings: the config block of Pulumi.yaml and the table in the README. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { documentProject, documentReadme } from "./document";

const root = join(__dirname, "..");
for (const [file, write] of [
    ["Pulumi.yaml", documentProject],
    ["README.md", documentReadme],
] as const) {
    const path = join(root, file);
    writeFileSync(path, write(readFileSync(path, "utf8")));
}
