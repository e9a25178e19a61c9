/**
 * What each operation takes, beside the tools that do the same: `npm run bench`, for a machine that has nothing else to
 * do. The walkthrough's own commands, the stack, helm with kubectl, and a naive program take turns on a lab of their
 * own (`bench`). With `--compare <commit> <commit>` the stack of one commit and that of another do. It prints tables,
 * and writes the figures and a chart to `bench.json` and `bench.svg`.
 */
import { copyFileSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { Lab } from "../../tests/support/lab";
import { administratorsKubeconfig, auditedOf } from "../../tests/support/lab-access";
import { Stack } from "../../tests/support/lab-stack";
import { chart } from "./chart";
import { checkout } from "./checkout";
import { costOf } from "./measure";
import { byHelm, byPulumi, byWalkthrough, type Path } from "./paths";
import { Samples, show } from "./samples";

const ACCOUNT = "bench";
/** One setting, and with it one object of the cluster. */
const CHANGE = { "addons.jaeger.sampling": "50" };
const WRITES = new Set(["create", "update", "patch", "delete", "deletecollection"]);

const lab = Lab.named("bench", 15 * 60_000);
const stack = new Stack(lab);
const samples = new Samples();
const env: Record<string, string> = {};

async function measure(operation: string, tool: string, script: string): Promise<void> {
    const before = auditedOf(lab, ACCOUNT).length;
    const cost = await costOf(lab, ["bash", "-euo", "pipefail", "-c", script], env);
    const asked = auditedOf(lab, ACCOUNT).slice(before);
    const writes = asked.filter(
        ({ verb, requestURI, objectRef }) =>
            WRITES.has(verb) && !requestURI.includes("dryRun=All") && objectRef?.apiGroup !== "authorization.k8s.io",
    );
    samples.add(operation, tool, { ...cost, requests: asked.length, writes: writes.length });
}

/** What no tool takes away, for the next one to begin in an empty cluster. */
async function empty(): Promise<void> {
    const names = await lab.output(["kubectl", "get", "customresourcedefinitions", "-o", "name"]);
    const crds = names.split("\n").filter((name) => /\.(istio|gateway\.networking\.k8s)\.io$/.test(name));
    if (crds.length > 0) await lab.output(["kubectl", "delete", ...crds]);
}

const UP = "from empty";
const DIFFERENCE = "nothing to change, shown";
const ONE_CHANGE = "one change, shown";
const REFRESH = "refresh";
/** What an operation is held against, where the peer has none of its name. */
const COMPARABLE = { [ONE_CHANGE]: DIFFERENCE, [REFRESH]: DIFFERENCE };

async function turn({ name, up, difference, again, refresh, down, settings }: Turn): Promise<void> {
    await measure(UP, name, up);
    await measure(DIFFERENCE, name, difference);
    if (settings) {
        await stack.with(CHANGE, async () => {
            copyFileSync(stack.file, settings);
            await measure(ONE_CHANGE, name, difference);
        });
        copyFileSync(stack.file, settings);
    }
    if (again) await measure("nothing to change, done", name, again);
    if (refresh) await measure(REFRESH, name, refresh);
    await measure("removal", name, down);
    await empty();
}

/** A path that is measured. */
interface Turn extends Path {
    /** Where it looks for the stack's settings, if it has any. */
    readonly settings?: string;
}

/** This project's stack, as a directory has it. */
function ownTurn(name: string, directory: string): Turn {
    const settings = join(directory, basename(stack.file));
    return { ...byPulumi(name, stack.name, directory), settings };
}

async function peers(bundle: string): Promise<Turn[]> {
    const naive = join(__dirname, "naive");
    await lab.output(["pulumi", "stack", "init", "--cwd", naive, "--stack", "naive", "--no-select"]);
    return [
        byWalkthrough(bundle),
        ownTurn("pulumi", lab.place.repository),
        byHelm(bundle),
        byPulumi("naive program", "naive", naive),
    ];
}

function stateMegabytes(): number {
    const found = readdirSync(lab.place.backend, { recursive: true, withFileTypes: true }).find(
        ({ parentPath, name }) => name === `${stack.name}.json` && parentPath.includes("/stacks"),
    );
    return found === undefined ? 0 : statSync(join(found.parentPath, found.name)).size / 1e6;
}

interface Options {
    readonly rounds: number;
    readonly output: string;
    readonly compare?: [string, string];
}

async function main({ rounds, output, compare }: Options): Promise<void> {
    const directory = mkdtempSync(join(tmpdir(), "bench-"));
    await lab.command("reset");
    await stack.forget();
    await lab.command("start");
    try {
        env.KUBECONFIG = await administratorsKubeconfig(lab, ACCOUNT, directory);
        const { bundle } = stack.settings();
        env.BUNDLE = bundle!;
        await stack.set({ "cluster.kubeconfig": env.KUBECONFIG });
        const turns = compare
            ? compare.map((commit, index) => ownTurn(commit, checkout(commit, join(directory, String(index)))))
            : await peers(bundle!);
        for (const { settings } of turns) {
            if (settings !== undefined && settings !== stack.file) copyFileSync(stack.file, settings);
        }
        // Each program is read from the disk once.
        await stack.up("--skip-preview");
        const state = stateMegabytes();
        await stack.destroy();
        await empty();
        for (let round = 0; round < rounds; round += 1) {
            for (const each of turns) await turn(each);
        }
        const figures = samples.figures(turns[0]!.name, COMPARABLE);
        console.log(`${show(figures)}\n\nState: ${state.toFixed(2)} MB`);
        const found = { rounds, stateMegabytes: state, figures };
        writeFileSync(`${output}.json`, `${JSON.stringify(found, null, 2)}\n`);
        writeFileSync(`${output}.svg`, chart(figures));
    } finally {
        rmSync(directory, { recursive: true, force: true });
        await stack.forget();
        await lab.command("reset");
    }
}

function rounds(text: string): number {
    const count = Number(text);
    if (Number.isInteger(count) && count > 0) return count;
    throw new InvalidArgumentError("Give a whole number from 1 on.");
}

void new Command("bench")
    .description("shows what each operation takes, beside the tools that do the same")
    .option("--rounds <number>", "how often everything is done", rounds, 5)
    .option("--output <path>", "where the figures and the chart go, without .json and .svg", "bench")
    .option("--compare <commits...>", "two commits, to measure the stack of one beside that of the other")
    .action(main)
    .parseAsync();
