import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { codeOf, fromCaller, reasonOf, UserError } from "@istio-on-pulumi/kube";
import { endFailed } from "../commandLine";
import type { Kind } from "../model";
import type { Report } from "../report";
import { approvedComment, deliverComment, deliverIssue, type Delivery, type Done, patiently } from "./deliver";
import { jobIn } from "./environment";

interface Options {
    reports: string;
    stacks?: string[];
}

const program = new Command("deliver")
    .description("Brings reports to the forge that a job of CI runs for.")
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .configureHelp({ commandUsage: (command) => `npm run deliver -- ${command.name()} [options]` });

withReports("comment", "has one comment on the job's pull request with the reports of previews").action(
    async (options: Options) => {
        const { forge, pullRequest } = jobIn(process.env);
        if (pullRequest === undefined)
            throw new UserError("This job is of no pull request, so there is nothing to comment.");
        const delivery = await deliveryOf(options, "preview");
        const done = await patiently(() => deliverComment(forge, pullRequest, delivery));
        say(`comment on pull request ${pullRequest}`, done);
    },
);
withReports("issue", "has one open issue as long as a stack drifts, with the reports of drift").action(
    async (options: Options) => {
        const { forge } = jobIn(process.env);
        const delivery = await deliveryOf(options, "drift");
        say("issue", await patiently(() => deliverIssue(forge, delivery)));
    },
);
program
    .command("approved")
    .description("writes what was on the pull request by which the job's commit came, for up:report --approved")
    .requiredOption("--out <file>", "where to write it")
    .action(async ({ out }: { out: string }) => {
        const { forge, commit } = jobIn(process.env);
        const comment = await patiently(() => approvedComment(forge, commit));
        await mkdir(dirname(fromCaller(out)), { recursive: true });
        await writeFile(fromCaller(out), comment);
    });

function withReports(name: string, description: string): Command {
    return program
        .command(name)
        .description(description)
        .requiredOption("--reports <directory>", "what --out of the reports' commands has written, of all stacks")
        .option(
            "--stacks <list>",
            "all stacks that it is of, as a list in JSON; without it others' parts stay",
            listIn,
        );
}

function listIn(text: string): string[] {
    try {
        const list: unknown = JSON.parse(text);
        if (Array.isArray(list) && list.every((name) => typeof name === "string")) return list;
    } catch {
        // Told below.
    }
    throw new InvalidArgumentError(`it is no list of names in JSON, such as '["dev","prod"]'.`);
}

async function deliveryOf({ reports: directory, stacks }: Options, kind: Kind): Promise<Delivery> {
    const files = await readdir(fromCaller(directory)).catch((error: unknown) => {
        // Where no stack is concerned, no job has made one.
        if (codeOf(error) === "ENOENT" && stacks !== undefined) return [];
        throw new UserError(`The reports in ${directory} cannot be read (${reasonOf(error)}); name their directory.`);
    });
    const reports: Report[] = [];
    for (const file of files.filter((name) => name.endsWith(".json")).sort()) {
        reports.push(JSON.parse(await readFile(join(fromCaller(directory), file), "utf8")) as Report);
    }
    return { reports: reports.filter((report) => report.kind === kind), stacks };
}

const say = (what: string, done: Done): void => console.error(`${what}: ${done}`);

program.parseAsync().catch((error: unknown) => endFailed(error, "npm run deliver -- --help"));
