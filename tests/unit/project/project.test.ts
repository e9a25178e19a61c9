import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { documentProject, documentReadme } from "../../../config/document";

const root = join(__dirname, "../../..");
const read = (file: string) => readFileSync(join(root, file), "utf8");

describe("the project", () => {
    it("type-checks", { timeout: 300_000 }, () => {
        const { stdout, status } = spawnSync(process.execPath, [require.resolve("typescript/bin/tsc"), "-p", root], {
            encoding: "utf8",
        });
        expect(stdout).toBe("");
        expect(status).toBe(0);
    });

    it("declares in Pulumi.yaml what the schema of the settings says (npm run config:update)", () => {
        expect(read("Pulumi.yaml")).toBe(documentProject(read("Pulumi.yaml")));
    });

    it("shows in the README what the schema of the settings says (npm run config:update)", () => {
        expect(read("README.md")).toBe(documentReadme(read("README.md")));
    });

    it("keeps every source file to one job: at most 300 lines", () => {
        const files = execFileSync("git", ["ls-files", "*.ts", "*.mts", "*.mjs", "*.go"], {
            cwd: root,
            encoding: "utf8",
        })
            .trim()
            .split("\n");
        const long = files.filter((file) => read(file).trimEnd().split("\n").length > 300);
        expect(files.length).toBeGreaterThan(20);
        expect(long).toEqual([]);
    });

    it("pins every dependency to one version", () => {
        const { dependencies, devDependencies } = JSON.parse(read("package.json")) as Record<
            string,
            Record<string, string>
        >;
        const versions = Object.values<string>({ ...dependencies, ...devDependencies });
        expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
    });

    it("names no address of a registry in the lock file", () => {
        const { packages } = JSON.parse(read("package-lock.json")) as {
            packages: Record<string, { resolved?: string }>;
        };
        const places = Object.values(packages).flatMap(({ resolved }) => resolved ?? []);
        expect(places.filter((place) => !place.startsWith("packages/"))).toEqual([]);
    });
});
