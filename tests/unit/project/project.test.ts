import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { documentProject, documentReadme, documentSchema } from "../../../config/document";

const root = join(__dirname, "../../..");
const read = (file: string) => readFileSync(join(root, file), "utf8");

describe("the project", () => {
    it("declares in Pulumi.yaml what the schema of the settings says (npm run config:update)", () => {
        expect(read("Pulumi.yaml")).toBe(documentProject(read("Pulumi.yaml")));
    });

    it("shows in the README what the schema of the settings says (npm run config:update)", () => {
        expect(read("README.md")).toBe(documentReadme(read("README.md")));
    });

    it("gives editors what the schema of the settings says (npm run config:update)", () => {
        expect(read("config/stack.schema.json")).toBe(documentSchema("istio-on-pulumi"));
    });

    it("keeps every Go file to one job: at most 300 lines; ESLint holds the others", () => {
        const files = execFileSync("git", ["ls-files", "*.go"], { cwd: root, encoding: "utf8" }).trim().split("\n");
        expect(files.length).toBeGreaterThan(3);
        expect(files.filter((file) => read(file).trimEnd().split("\n").length > 300)).toEqual([]);
    });

    it("has examples that name the versions of this repository", () => {
        const own = JSON.parse(read("package.json")) as { version: string; dependencies: Record<string, string> };
        const files = execFileSync("git", ["ls-files", "examples/*/package.json"], { cwd: root, encoding: "utf8" });
        const named = files
            .trim()
            .split("\n")
            .map((file) => (JSON.parse(read(file)) as { dependencies: Record<string, string> }).dependencies);
        expect(named.length).toBeGreaterThan(1);
        const library = { "istio-on-pulumi": `file:./istio-on-pulumi-${own.version}.tgz` };
        for (const dependencies of named) expect({ ...own.dependencies, ...library }).toMatchObject(dependencies);
    });

    it("names no address of a registry in the lock file", () => {
        const { packages } = JSON.parse(read("package-lock.json")) as {
            packages: Record<string, { resolved?: string }>;
        };
        const places = Object.values(packages).flatMap(({ resolved }) => resolved ?? []);
        expect(places.filter((place) => place.includes("://"))).toEqual([]);
    });
});
