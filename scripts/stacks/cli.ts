import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { Command } from "commander";
import { UserError } from "@istio-on-pulumi/kube";
import { changedStacks, stacksOf } from "./changed";
import { describeDifferences, type Rendered } from "./differences";

const root = join(__dirname, "../..");

const command = new Command("npm run stacks --").description("Looks at the stacks of this project, without a cluster.");
command
    .command("diff")
    .description("shows the differences between the objects that two stacks would make on an empty cluster")
    .argument("<stack>", "name of a stack, whose settings are in Pulumi.<stack>.yaml")
    .argument("<stack>", "name of another")
    .option("--summary", "one line for each object")
    .option("--bundle <directory>", "take upstream's files from this bundle, whatever the stacks say")
    .action(async (from: string, to: string, { summary = false, bundle }: { summary?: boolean; bundle?: string }) => {
        const [before, after] = await Promise.all([render(from, bundle), render(to, bundle)]);
        process.stdout.write(describeDifferences([from, before], [to, after], summary));
    });

command
    .command("list")
    .description("lists the stacks whose settings are in the repository, for the matrix of a workflow")
    .option("--changed-since <commit>", "those alone that a change since this commit can concern")
    .option("--json", "as a list in JSON, on one line")
    .action(async ({ changedSince, json = false }: { changedSince?: string; json?: boolean }) => {
        const all = await stacksOf(root);
        const stacks = changedSince === undefined ? all : await changedStacks(root, all, changedSince);
        process.stdout.write(json ? `${JSON.stringify(stacks)}\n` : stacks.map((stack) => `${stack}\n`).join(""));
    });

/** Each in a process of its own: the SDK knows one program. */
async function render(stack: string, bundle: string | undefined): Promise<Rendered> {
    const file = `Pulumi.${stack}.yaml`;
    if (!existsSync(join(root, file))) {
        throw new UserError(`There is no ${file} in ${root}: name a stack whose settings are in such a file.`);
    }
    const script = ["--require", "tsx/cjs", join(__dirname, "render.ts"), file, ...(bundle ? [resolve(bundle)] : [])];
    const options = {
        cwd: root,
        env: { ...process.env, PULUMI_NODEJS_ROOT_DIRECTORY: root },
        maxBuffer: 2 ** 26,
    };
    try {
        const { stdout } = await promisify(execFile)(process.execPath, script, options);
        return JSON.parse(stdout) as Rendered;
    } catch (error) {
        const { stderr = "" } = error as { stderr?: string };
        throw new UserError(`${file}: ${stderr.trim() || String(error)}`);
    }
}

command.parseAsync().catch((error: unknown) => {
    if (!(error instanceof UserError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
});
