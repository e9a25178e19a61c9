import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "@istio-on-pulumi/kube/testing";
import { DestroyGuard } from "../../../stack";
import { guardCommand } from "../../../stack/destroyGuard";
import { Recording } from "../../support/mocks";

/** How a secret goes over the wire. */
const SPECIAL = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

const args = { context: "it's mine", clusterUid: "11111111-2222-4333-8444-555555555555" };

/** Runs the command where what it runs the guard with prints the command line, or where there is none. */
async function run(command: string, installed: boolean) {
    const cwd = temporaryDirectory();
    if (installed) {
        const tsx = join(cwd, "node_modules", "tsx", "cjs");
        mkdirSync(tsx, { recursive: true });
        const program = "for (const word of process.argv.slice(1)) console.log(`<${word}>`); process.exit();";
        writeFileSync(join(tsx, "index.js"), program);
    }
    return execa("/bin/sh", ["-c", command], { cwd, reject: false });
}

describe("guardCommand", () => {
    it("looks at the cluster of the context, words as they are", async () => {
        const { stdout } = await run(guardCommand({ ...args, kubeconfig: "~/my clusters/prod" }), true);
        expect(stdout.split("\n")).toEqual([
            expect.stringMatching(/\bcluster\/guard\.ts>$/),
            "<--uid>",
            `<${args.clusterUid}>`,
            "<--context>",
            "<it's mine>",
            "<--kubeconfig>",
            "<~/my clusters/prod>",
        ]);
    });

    it("says what to do where the packages are not installed, and fails", async () => {
        const { exitCode, stderr } = await run(guardCommand(args), false);
        expect(exitCode).toBe(1);
        expect(stderr).toMatch(/packages are not installed here.*; run: npm ci$/);
    });
});

describe("DestroyGuard", () => {
    it("keeps a kubeconfig's text out of the command line, as a secret", async () => {
        const recording = await Recording.start();
        const kubeconfig = "apiVersion: v1\nkind: Config\n";
        new DestroyGuard("guard", { ...args, kubeconfig }, { dependsOn: [] });
        await recording.settled();
        const { inputs } = recording.one("command:local:Command", "guard");
        const { delete: line, environment } = inputs as unknown as { delete: string; environment: object };
        expect(line).not.toMatch(/kubeconfig/);
        expect(environment).toEqual({ [SPECIAL]: SECRET, value: { STACK_KUBECONFIG: kubeconfig } });
    });
});
