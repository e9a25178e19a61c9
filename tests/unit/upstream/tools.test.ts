import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { UserError } from "@istio-on-pulumi/kube";
import { writeTools } from "../../../upstream/tools";
import { tempDir } from "./fixture";

/** A project with one workspace, and commands that write down how they were called. */
let project: string;
let bin: string;
let log: string;

function command(name: string, more = "") {
    const file = join(bin, name);
    writeFileSync(file, `#!/bin/sh\necho "${name} $* [$PULUMI_HOME] in $(pwd)" >> ${log}\n${more}\n`);
    chmodSync(file, 0o755);
}

beforeEach(() => {
    project = tempDir();
    bin = tempDir();
    log = join(bin, "log");
    mkdirSync(join(project, "packages/a"), { recursive: true });
    const dependencies = { "@pulumi/kubernetes": "4.34.2", "@pulumi/command": "1.2.1", other: "1" };
    writeFileSync(join(project, "package.json"), JSON.stringify({ dependencies }));
    writeFileSync(join(project, "package-lock.json"), "{}");
    writeFileSync(join(project, "packages/a/package.json"), "{}");
    vi.stubEnv("PATH", `${bin}:/usr/bin:/bin`);
    vi.stubEnv("PULUMI_HOME", "/elsewhere");
    return () => vi.unstubAllEnvs();
});

describe("writeTools", () => {
    it("has the engine fetch the plugins of the packages' versions, and npm fill a cache by the lock", async () => {
        command("pulumi");
        command("npm", "test -f package-lock.json && test -f packages/a/package.json");
        await writeTools("/bundle", project);
        const lines = readFileSync(log, "utf8").trim().split("\n");
        expect(lines.slice(0, 2)).toEqual([
            `pulumi plugin install resource kubernetes v4.34.2 [/bundle/pulumi] in ${project}`,
            `pulumi plugin install resource command v1.2.1 [/bundle/pulumi] in ${project}`,
        ]);
        const [, copy] = /^npm ci --ignore-scripts .*--cache \/bundle\/npm \[\/elsewhere\] in (.*)$/.exec(lines[2]!)!;
        expect(copy).not.toBe(project);
        expect(existsSync(copy!)).toBe(false);
    });

    it("says which command is missing", async () => {
        vi.stubEnv("PATH", bin);
        await expect(writeTools("/bundle", project)).rejects.toThrow(
            new UserError('There is no command "pulumi", which fetches what the bundle lacks: install it first.'),
        );
    });

    it("says which command failed", async () => {
        command("pulumi", "exit 3");
        await expect(writeTools("/bundle", project)).rejects.toThrow(
            new UserError(
                "pulumi plugin install resource kubernetes v4.34.2 failed: " +
                    "mend what it says above, then run the same command again.",
            ),
        );
    });
});
