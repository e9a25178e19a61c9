/** Writes what is made from the schema: Pulumi.yaml's config block, the README's table, a JSON Schema for editors. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { documentProject, documentReadme, documentSchema } from "./document";

const root = join(__dirname, "..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const { name } = parse(read("Pulumi.yaml")) as { name: string };

writeFileSync(join(root, "Pulumi.yaml"), documentProject(read("Pulumi.yaml")));
writeFileSync(join(root, "README.md"), documentReadme(read("README.md")));
writeFileSync(join(root, "config/stack.schema.json"), documentSchema(name));
