import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadSettings } from "../../../config";

const root = join(__dirname, "../../..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
/** A lab's own are no environments. */
const FILES = readdirSync(root).filter((file) => /^Pulumi\.(?!lab\b)[\w-]+\.yaml$/.test(file));

/** The settings of a stack's file, as Pulumi hands them over. */
function settingsOf(file: string) {
    const { config } = parse(read(file)) as { config: Record<string, unknown> };
    const texts = Object.entries(config).map(([key, value]) => [
        key,
        typeof value === "string" ? value : JSON.stringify(value),
    ]);
    return loadSettings(Object.fromEntries(texts) as Record<string, string>, "istio-on-pulumi");
}

describe("the environments", () => {
    it("are these four", () => {
        expect(FILES.sort()).toEqual(["airgap", "dev", "prod", "staging"].map((name) => `Pulumi.${name}.yaml`));
    });

    it.each(FILES)("%s has settings that the program takes, and an editor too", (file) => {
        expect(() => settingsOf(file)).not.toThrow();
        const validate = new Ajv({ strict: false, validateFormats: false }).compile(
            JSON.parse(read("config/stack.schema.json")) as object,
        );
        validate(parse(read(file)));
        expect(validate.errors).toBeNull();
        expect(read(file)).toMatch(/^# yaml-language-server: \$schema=\.\/config\/stack\.schema\.json\n/);
    });

    it.each(FILES.filter((file) => file !== "Pulumi.dev.yaml"))("%s names its cluster's context", (file) => {
        expect(settingsOf(file).cluster.context).toBe(file.split(".")[1]);
    });

    it("are the walkthrough where they say nothing else", () => {
        expect(settingsOf("Pulumi.dev.yaml")).toEqual(loadSettings({}, "istio-on-pulumi"));
    });
});
