import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { changedStacks, stacksOf } from "../../../scripts/stacks/changed";

/** A repository with these files on its main branch. */
function repository(...files: string[]) {
    const root = mkdtempSync(join(tmpdir(), "istio-on-pulumi-changed-"));
    onTestFinished(() => rmSync(root, { recursive: true }));
    const git = (...args: string[]) =>
        execFileSync("git", ["-c", "user.name=test", "-c", "user.email=test@example.com", ...args], {
            cwd: root,
            stdio: "pipe",
        });
    const commit = (...paths: string[]) => {
        for (const path of paths) {
            mkdirSync(dirname(join(root, path)), { recursive: true });
            writeFileSync(join(root, path), `${Math.random()}\n`);
        }
        git("add", "--all");
        git("commit", "--quiet", "--allow-empty", "--message", "change");
    };
    git("init", "--quiet", "--initial-branch", "main");
    commit(...files);
    git("checkout", "--quiet", "-b", "branch");
    return { root, git, commit };
}

const SETTINGS = ["Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.prod-eu.yaml", "Pulumi.prod-eu-2.yaml"];

it("lists the stacks whose settings git knows", async () => {
    const { root } = repository(...SETTINGS, "docs/Pulumi.old.yaml", "Pulumi.yaml.md");
    writeFileSync(join(root, "Pulumi.untracked.yaml"), "");
    expect(await stacksOf(root)).toEqual(["dev", "prod-eu", "prod-eu-2"]);
});

it.each([
    ["one stack's settings", ["Pulumi.prod-eu.yaml"], ["prod-eu"]],
    ["two stacks'", ["Pulumi.prod-eu.yaml", "Pulumi.dev.yaml", "README.md"], ["dev", "prod-eu"]],
    ["the program", ["Pulumi.dev.yaml", "components/kiali.ts"], ["dev", "prod-eu", "prod-eu-2"]],
    ["the project's file", ["Pulumi.yaml"], ["dev", "prod-eu", "prod-eu-2"]],
    ["the packages", ["package-lock.json"], ["dev", "prod-eu", "prod-eu-2"]],
    ["upstream's lock", ["upstream/lock.json"], ["dev", "prod-eu", "prod-eu-2"]],
    ["the inspection", ["packages/inspect/src/cli.ts"], ["dev", "prod-eu", "prod-eu-2"]],
    ["documentation alone", ["README.md", "docs/a.svg", "packages/inspect/README.md", "LICENSE"], []],
    [
        "tests, the lab and workflows",
        ["tests/unit/a.test.ts", "packages/lab/src/a.ts", ".github/workflows/a.yml", "packages/kube/tests/a.ts"],
        [],
    ],
    ["nothing", [], []],
])("a change of %s", async (_, files, expected) => {
    const { root, commit } = repository(...SETTINGS, "README.md");
    commit(...files);
    expect(await changedStacks(root, await stacksOf(root), "main")).toEqual(expected);
});

it("takes what was changed since the branch began, and not what the base has got since", async () => {
    const { root, git, commit } = repository(...SETTINGS);
    commit("Pulumi.dev.yaml");
    git("checkout", "--quiet", "main");
    commit("index.ts");
    git("checkout", "--quiet", "branch");
    expect(await changedStacks(root, await stacksOf(root), "main")).toEqual(["dev"]);
});

it("counts a program's file that became documentation, and one that is gone", async () => {
    const { root, git } = repository(...SETTINGS, "stack/a.ts");
    mkdirSync(join(root, "docs"));
    git("mv", "stack/a.ts", "docs/a.ts");
    git("rm", "--quiet", "Pulumi.dev.yaml");
    git("commit", "--quiet", "--message", "move");
    expect(await changedStacks(root, await stacksOf(root), "main")).toEqual(["prod-eu", "prod-eu-2"]);
});

it("says which commit is missing", async () => {
    const { root } = repository(...SETTINGS);
    await expect(changedStacks(root, ["dev"], "0".repeat(40))).rejects.toThrow(
        /^git diff .* fails \(fatal: .*whole history/,
    );
});
