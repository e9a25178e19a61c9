import { writeFileSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { fromCaller, reasonOf, UsageError, UserError } from "@istio-on-pulumi/kube";
import { changesOf } from "./changes";
import { endFailed } from "./commandLine";
import { merge, partIn } from "./comment";
import { SHOWN_DIGEST } from "./markdown";
import type { Kind } from "./model";
import { type Report, reportOf } from "./report";
import { record } from "./run";

interface Options {
    stack: string[];
    out?: string;
    digest?: string;
    approved?: string;
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
        return { report, code: report.refusals.length > 0 ? FAILED : 0 };
    }),
);
command("up", "updates stacks, and reports what happened")
    .option(
        "--digest <digest>",
        "of the report that was approved: where it is not that of a new preview nothing is done",
    )
    .option("--approved <file>", "the comment that was approved: the same with each stack's digest, and it is shown")
    .action(async (options: Options) => {
        const approve = await approvalIn(options);
        return run(options, (stack) => update(stack, approve?.(stack), options.out));
    });
command(
    "drift",
    "reports what others have changed of stacks: exit code 2 where something differs, 1 where it could not be told",
).action((options: Options) =>
    run(options, async (stack) => {
        const report = await reportedOn("drift", stack);
        return { report, code: report.refusals.length > 0 ? FAILED : report.changes.length > 0 ? DIFFERS : 0 };
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

/** What somebody has approved of a stack: the digest, and what stood in the report where that is at hand. */
interface Approval {
    readonly digest?: string;
    readonly text?: string;
}

async function approvalIn({ digest, approved }: Options): Promise<((stack: string) => Approval) | undefined> {
    if (approved === undefined) return digest === undefined ? undefined : () => ({ digest });
    if (digest !== undefined) throw new UsageError("--digest and --approved say the same: give one of them.");
    const file = fromCaller(approved);
    const comment = await readFile(file, "utf8").catch((error: unknown) => {
        throw new UserError(`What was approved cannot be read (${reasonOf(error)}); name the comment's file.`);
    });
    return (stack) => partIn(comment, stack) ?? {};
}

/** How the work on one stack ended. */
interface Outcome {
    readonly report: Report;
    readonly code: number;
    /** What was approved, where that is not what would happen. */
    readonly approved?: string;
}

async function update(stack: string, approval: Approval | undefined, out: string | undefined): Promise<Outcome> {
    if (approval !== undefined) {
        const report = await reportedOn("preview", stack);
        if (report.digest === undefined) return { report, code: FAILED };
        // Whatever was approved is done, or was never to be: a job that is run again need not fail.
        if (report.changes.length === 0) return { report, code: 0 };
        const { digest, text } = approval;
        if (digest === undefined || !isDigest(digest, report.digest)) {
            const why =
                digest === undefined
                    ? `No report of stack ${stack} was approved; the digest of the changes is ${report.digest}.`
                    : `What would happen is not what was approved: the digest of the changes is ${report.digest}, ` +
                      `not ${digest}.`;
            const reason = `${why} Nothing was changed; read this report, and approve it by its digest.`;
            const refused = { ...report, headline: `refused: ${reason}`, refusals: [reason] };
            return { report: refused, code: DIFFERS, approved: text };
        }
    }
    const report = await holding(out, stack, (onStart) => reportedOn("up", stack, onStart));
    return { report, code: report.refusals.length > 0 ? FAILED : 0 };
}

/** Whole, or as much of it as a comment shows. */
const isDigest = (given: string, digest: string): boolean => digest.startsWith(given) && given.length >= SHOWN_DIGEST;

/**
 * Has a file `<stack>.updating` in the directory for as long as the engine holds the stack's lock. Where it is left
 * behind the engine was killed, and the lock is its own: whoever cleans up takes away nobody else's.
 */
async function holding<T>(
    out: string | undefined,
    stack: string,
    action: (onStart?: () => void) => Promise<T>,
): Promise<T> {
    if (out === undefined) return action();
    const file = await write(out, `${stack}.updating`, "");
    await rm(file);
    return action(() => writeFileSync(file, "")).finally(() => rm(file, { force: true }));
}

let isStopped = false;
const engines = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
        isStopped = true;
        // A terminal tells the engine, too, which takes a second signal as "at once".
        if (signal !== "SIGINT" || !process.stdin.isTTY) engines.abort();
    });
}

async function reportedOn(kind: Kind, stack: string, onStart?: () => void): Promise<Report> {
    if (isStopped) throw new UserError(`Stopped before the ${kind} of stack ${stack}, which has changed nothing.`);
    console.error(`${kind} of ${stack}`);
    return reportOf(changesOf(await record(kind, stack, { signal: engines.signal, onStart })));
}

/** One after another: each is two processes and more, and their reports are one comment. */
async function run({ stack: stacks, out }: Options, workOn: (stack: string) => Promise<Outcome>): Promise<void> {
    let reports: string | undefined;
    const approvals: string[] = [];
    for (const stack of new Set(stacks)) {
        const { report, code, approved } = await workOn(stack);
        reports = merge(reports, report);
        if (approved !== undefined) approvals.push(`\n# What was approved of ${stack}\n\n${approved}`);
        // What could not be told counts more than what differs.
        if (process.exitCode !== FAILED && code !== 0) process.exitCode = code;
        if (out !== undefined) {
            await write(out, `${stack}.md`, merge(undefined, report, Infinity));
            await write(out, `${stack}.json`, `${JSON.stringify(report, null, 2)}\n`);
        }
        if (isStopped) break;
    }
    const comment = [reports, ...approvals].join("");
    if (out !== undefined) await write(out, "comment.md", comment);
    process.stdout.write(comment);
}

async function write(directory: string, name: string, text: string): Promise<string> {
    const target = fromCaller(directory);
    // A stack of an organization has slashes in its name.
    const file = join(target, name.replaceAll("/", "-"));
    await mkdir(target, { recursive: true })
        .then(() => writeFile(file, text))
        .catch((error: unknown) => {
            throw new UserError(
                `The report cannot be written to ${file} (${reasonOf(error)}); name a directory with --out.`,
            );
        });
    return file;
}

program
    .parseAsync()
    .catch((error: unknown) =>
        endFailed(error, `npm run ${SCRIPTS[process.argv[2] as Kind] ?? SCRIPTS.preview} -- --help`),
    );
