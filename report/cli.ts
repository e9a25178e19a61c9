import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Command, CommanderError } from "commander";
import { complaintOf, reasonOf, UsageError, UserError } from "@istio-on-pulumi/kube";
import { changesOf } from "./changes";
import { merge } from "./comment";
import { SHOWN_DIGEST } from "./markdown";
import type { Kind } from "./model";
import { type Report, reportOf } from "./report";
import { record } from "./run";

interface Options {
    stack: string[];
    out?: string;
    digest?: string;
}

/** Exit codes. Where something differs, of a drift and of what was approved; else all that went wrong is 1. */
const DIFFERS = 2;
const FAILED = 1;

/** npm's scripts of the commands, which their users know them by. */
const SCRIPTS: Readonly<Record<Kind, string>> = { preview: "preview:report", up: "up:report", drift: "drift" };

const program = new Command("report").exitOverride().configureOutput({ writeErr: () => undefined });
command("preview", "reports what an update of stacks would do, the risks first").action((options: Options) =>
    run(options, async (stack) => {
        const report = await reportedOn("preview", stack);
        return [report, report.refusals.length > 0 ? FAILED : 0];
    }),
);
command("up", "updates stacks, and reports what happened")
    .option(
        "--digest <digest>",
        "of the report that was approved: where it is not that of a new preview nothing is done",
    )
    .action((options: Options) => run(options, (stack) => update(stack, options.digest)));
command(
    "drift",
    "reports what others have changed of stacks: exit code 2 where something differs, 1 where it could not be told",
).action((options: Options) =>
    run(options, async (stack) => {
        const report = await reportedOn("drift", stack);
        return [report, report.refusals.length > 0 ? FAILED : report.changes.length > 0 ? DIFFERS : 0];
    }),
);

function command(kind: Kind, description: string): Command {
    return program
        .command(kind)
        .description(description)
        .configureHelp({ commandUsage: () => `npm run ${SCRIPTS[kind]} -- [options]` })
        .requiredOption("--stack <name>", "a stack; may be given several times", (name, names: string[] = []) => [
            ...names,
            name,
        ])
        .option("--out <directory>", "write there comment.md, and <stack>.md and <stack>.json with all of it");
}

async function update(stack: string, approved: string | undefined): Promise<[Report, number]> {
    if (approved !== undefined) {
        const report = await reportedOn("preview", stack);
        if (report.digest === undefined) return [report, FAILED];
        if (!isDigest(approved, report.digest)) {
            const reason =
                `What would happen is not what was approved: the digest of the changes is ${report.digest}, ` +
                `not ${approved}. Nothing was changed; read this report, and approve it by its digest.`;
            return [{ ...report, headline: `refused: ${reason}`, refusals: [reason] }, DIFFERS];
        }
    }
    const report = await reportedOn("up", stack);
    return [report, report.refusals.length > 0 ? FAILED : 0];
}

/** Whole, or as much of it as a comment shows. */
const isDigest = (given: string, digest: string): boolean => digest.startsWith(given) && given.length >= SHOWN_DIGEST;

async function reportedOn(kind: Kind, stack: string): Promise<Report> {
    console.error(`${kind} of ${stack}`);
    return reportOf(changesOf(await record(kind, stack)));
}

/** One after another: each is two processes and more, and their reports are one comment. */
async function run(
    { stack: stacks, out }: Options,
    reportOn: (stack: string) => Promise<[Report, number]>,
): Promise<void> {
    let comment: string | undefined;
    for (const stack of new Set(stacks)) {
        const [report, code] = await reportOn(stack);
        comment = merge(comment, report);
        // What could not be told counts more than what differs.
        if (process.exitCode !== FAILED && code !== 0) process.exitCode = code;
        if (out === undefined) continue;
        await write(out, `${stack}.md`, merge(undefined, report, Infinity));
        await write(out, `${stack}.json`, `${JSON.stringify(report, null, 2)}\n`);
    }
    if (out !== undefined) await write(out, "comment.md", comment!);
    process.stdout.write(comment!);
}

async function write(directory: string, name: string, text: string): Promise<void> {
    // npm runs this in the package's root, whatever the directory that the user is in.
    const target = resolve(process.env.INIT_CWD ?? ".", directory);
    // A stack of an organization has slashes in its name.
    const file = join(target, name.replaceAll("/", "-"));
    await mkdir(target, { recursive: true })
        .then(() => writeFile(file, text))
        .catch((error: unknown) => {
            throw new UserError(
                `The report cannot be written to ${file} (${reasonOf(error)}); name a directory with --out.`,
            );
        });
}

program.parseAsync().catch((error: unknown) => {
    if (error instanceof CommanderError && error.exitCode === 0) return;
    const script = SCRIPTS[process.argv[2] as Kind] ?? SCRIPTS.preview;
    const shown =
        error instanceof CommanderError ? new UsageError(complaintOf(error, `npm run ${script} -- --help`)) : error;
    console.error(shown instanceof UserError ? shown.message : shown);
    process.exitCode = FAILED;
});
