/** The command behind `npm run inspect`. */
import { readFile, writeFile } from "node:fs/promises";
import { text as readStream } from "node:stream/consumers";
import { reasonOf, UsageError, UserError } from "@istio-on-pulumi/kube";
import { type Command, parseCommandLine } from "./commandLine";
import { problem, problemsOf } from "./finding";
import { inspectMesh, type InspectOptions } from "./inspect";
import { renderPage } from "./page/page";
import type { MeshReport } from "./report";
import { printable, printableJson, printableLines } from "./text/printable";
import { watchRequests } from "./text/progress";
import { reportText } from "./text/report";
import { makeStyle, wantsColours } from "./text/table";

/** Exit code of a bug; 1 means that something is wrong with the mesh. */
const BUG = 70;

async function main(args: readonly string[]): Promise<number> {
    // Paths are meant from where the user is, those in $KUBECONFIG and of login commands too: npm runs this in the
    // repository's root and says where it was called.
    process.chdir(process.env.INIT_CWD ?? ".");
    const command = parseCommandLine(args);
    if ("help" in command) {
        await print(command.help);
        return 0;
    }
    if (command.findings) return printFindings(command);
    const report = await inspectCommand(command);
    const { section, name: service, json, verbose } = command;
    const style = makeStyle(wantsColours(process.env, process.stdout.isTTY));
    const text = json ? printableJson(report, 2) : reportText(report, section, style, { service, verbose });
    await print(`${text}\n`);
    return report.ok ? 0 : 1;
}

async function inspectCommand(command: Command): Promise<MeshReport> {
    const { traffic, html, json, findings } = command;
    const watch = watchRequests(process.stderr, json || findings);
    const report = await inspectMesh({
        ...(await optionsOf(command)),
        ...(traffic && { traffic: { ...traffic, watch } }),
    });
    if (html !== undefined) await writePage(html, report);
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
        problemsOf(printable(findings))
            .map(({ message }) => `${message}\n`)
            .join(""),
    );
    await print(`${printableJson({ ok, findings })}\n`);
    return ok ? 0 : 1;
}

async function optionsOf(command: Command): Promise<InspectOptions> {
    const { section, name, outputs, html, ...same } = command;
    return {
        ...same,
        // The page shows the whole picture, whatever the tables are of.
        sections: html === undefined ? [section] : [section, "doctor"],
        ...(section === "proxy" && { pod: name }),
        ...(section === "nat" && { service: name }),
        ...(outputs !== undefined && { outputs: await readOutputs(outputs) }),
    };
}

async function readOutputs(file: string): Promise<{ text: string; source: string }> {
    if (file === "-") return { text: await readStream(process.stdin), source: "Standard input" };
    const text = await readFile(file, "utf8").catch((error: unknown) => {
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

/** Waits until all is written, so that the end of the process cuts nothing off. */
const print = (text: string) =>
    new Promise<void>((done, fail) => process.stdout.write(text, (error) => (error ? fail(error) : done())));

/** Says why nothing could be looked at, a bug with its stack, and returns the exit code. */
function explain(error: unknown): number {
    if (error instanceof UserError) {
        process.stderr.write(`${printable(error.message)}\n`);
        return error instanceof UsageError ? 2 : 1;
    }
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`${printableLines(stack)}\n`);
    return BUG;
}

// A request that got no answer in time would keep the process alive for minutes.
void main(process.argv.slice(2))
    .catch(explain)
    .then((code) => process.exit(code));
