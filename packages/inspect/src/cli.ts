/** The command behind `npm run inspect`. */
import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { text as readStream } from "node:stream/consumers";
import { reasonOf, UsageError, UserError } from "@istio-on-pulumi/kube";
import { type Command, parseCommandLine } from "./commandLine";
import { problem, problemsOf } from "./finding";
import { inspectMesh, type InspectOptions } from "./inspect";
import { renderPage } from "./page/page";
import type { MeshReport } from "./report";
import { watchRequests } from "./text/progress";
import { reportText } from "./text/report";
import { makeStyle, wantsColours } from "./text/table";
import { USAGE } from "./usage";

/** Exit code of a bug, for whom 1 means that something is wrong with the mesh. */
const BUG = 70;

/** npm runs this in the package's root, whatever the directory that the user is in. */
const fromUser = (path: string) => resolve(process.env.INIT_CWD ?? ".", path);

async function main(args: readonly string[]): Promise<number> {
    const command = parseCommandLine(args);
    if (command === "help") {
        process.stdout.write(USAGE);
        return 0;
    }
    if (command.findings) return printFindings(command);
    const report = await inspectCommand(command);
    if (command.json) await print(`${JSON.stringify(report, null, 2)}\n`);
    else
        await print(
            `${reportText(report, command.section, makeStyle(wantsColours(process.env, process.stdout.isTTY)), { service: command.name, verbose: command.verbose })}\n`,
        );
    return report.ok ? 0 : 1;
}

async function inspectCommand(command: Command): Promise<MeshReport> {
    const options = await optionsOf(command);
    const report = await inspectMesh(
        command.traffic
            ? {
                  ...options,
                  traffic: {
                      ...command.traffic,
                      watch: watchRequests(process.stderr, command.json || command.findings),
                  },
              }
            : options,
    );
    if (command.html !== undefined) await writePage(fromUser(command.html), report);
    return report;
}

/**
 * For programs that keep what they read: a report is hundreds of kilobytes. It is there whether or not something
 * could be looked at.
 */
async function printFindings(command: Command): Promise<number> {
    const { ok, findings } = await inspectCommand(command).catch((error: unknown) => {
        if (!(error instanceof UserError)) throw error;
        return { ok: false, findings: [problem("inspection/failed", "inspection", error.message)] };
    });
    process.stderr.write(
        problemsOf(findings)
            .map(({ message }) => `${message}\n`)
            .join(""),
    );
    await print(`${JSON.stringify({ ok, findings })}\n`);
    return ok ? 0 : 1;
}

async function optionsOf(command: Command): Promise<InspectOptions> {
    const { section, name, rules, outputs, html, ...same } = command;
    const files =
        rules?.kind === "file"
            ? { kind: "file" as const, files: rules.files.map((file) => (file === "-" ? file : fromUser(file))) }
            : rules;
    const keys =
        rules?.kind === "ssh"
            ? {
                  ...rules,
                  identity: rules.identity && fromUser(rules.identity),
                  knownHosts: rules.knownHosts && fromUser(rules.knownHosts),
              }
            : files;
    return {
        ...same,
        // The page shows the whole picture, whatever the tables are of.
        sections: html === undefined ? [section] : [section, "doctor"],
        ...(section === "proxy" && { pod: name }),
        ...(section === "nat" && { service: name }),
        rules: keys,
        ...(outputs !== undefined && { outputs: await readOutputs(outputs) }),
    };
}

async function readOutputs(file: string): Promise<{ text: string; source: string }> {
    if (file === "-") return { text: await readStream(process.stdin), source: "Standard input" };
    const text = await readFile(fromUser(file), "utf8").catch((error: unknown) => {
        throw new UserError(
            `The file ${file} cannot be read (${reasonOf(error)}); write it with: pulumi stack output --json > ${file}`,
        );
    });
    return { text, source: `The file ${file}` };
}

async function writePage(file: string, report: MeshReport): Promise<void> {
    await writeFile(file, renderPage(report)).catch((error: unknown) => {
        throw new UserError(
            `The page cannot be written to ${file} (${reasonOf(error)}); name a file in a directory that exists ` +
                "with --html <file>.",
        );
    });
}

/** Waits until all is written, so that an exit code set afterwards cuts nothing off. */
const print = (text: string) =>
    new Promise<void>((done, fail) => process.stdout.write(text, (error) => (error ? fail(error) : done())));

main(process.argv.slice(2)).then(
    (code) => {
        process.exitCode = code;
    },
    (error: unknown) => {
        const expected = error instanceof UserError || error instanceof UsageError;
        process.stderr.write(
            expected
                ? `${error.message}\n`
                : `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
        );
        process.exitCode = error instanceof UsageError ? 2 : expected ? 1 : BUG;
    },
);
