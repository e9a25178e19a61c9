/**
 * What each operation takes, beside the tools that do the same: `npm run bench`, for a machine that has nothing else to
 * do. The stack, the walkthrough's own commands, and helm with kubectl take turns on a lab of their own (`bench`). It
 * prints a table, and writes the figures and a chart to `bench.json` and `bench.svg`.
 */
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { table } from "@istio-on-pulumi/lab";
import { Lab } from "../../tests/support/lab";
import { Stack } from "../../tests/support/lab-stack";
import { chart } from "./chart";
import { type Cost, costOf, median, medianCost } from "./measure";
import { byHelm, byPulumi, byWalkthrough, type Path } from "./paths";

const lab = Lab.named("bench", 15 * 60_000);
const stack = new Stack(lab);

/** What an operation took, and how many requests the API server had meanwhile, of everybody. */
interface Sample extends Cost {
    readonly requests: number;
}

/** Samples by operation and tool, in the order in which they were first taken. */
const samples = new Map<string, Map<string, Sample[]>>();

async function measure(operation: string, tool: string, script: string): Promise<void> {
    const before = await requests();
    const cost = await costOf(lab, ["bash", "-euo", "pipefail", "-c", script]);
    const sample = { ...cost, requests: (await requests()) - before };
    const byTool = samples.get(operation) ?? new Map<string, Sample[]>();
    byTool.set(tool, [...(byTool.get(tool) ?? []), sample]);
    samples.set(operation, byTool);
}

/** Requests that the API server has answered so far. */
async function requests(): Promise<number> {
    const metrics = await lab.output(["kubectl", "get", "--raw", "/metrics"]);
    return metrics
        .split("\n")
        .filter((line) => line.startsWith("apiserver_request_total{"))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}

/** What no tool takes away, for the next one to begin in an empty cluster. */
async function empty(): Promise<void> {
    const names = await lab.output(["kubectl", "get", "customresourcedefinitions", "-o", "name"]);
    const crds = names.split("\n").filter((name) => /\.(istio|gateway\.networking\.k8s)\.io$/.test(name));
    if (crds.length > 0) await lab.output(["kubectl", "delete", ...crds]);
}

const UP = "from empty";
const DIFFERENCE = "nothing to change, shown";
const DOWN = "removal";

async function round(peers: readonly Path[]): Promise<void> {
    const own = byPulumi(stack);
    await measure(UP, own.name, own.up);
    await measure(DIFFERENCE, own.name, own.difference);
    await measure("nothing to change, done", own.name, own.again);
    await measure("refresh", own.name, own.refresh);
    await measure(DOWN, own.name, own.down);
    await empty();
    for (const peer of peers) {
        await measure(UP, peer.name, peer.up);
        await measure(DIFFERENCE, peer.name, peer.difference);
        await measure(DOWN, peer.name, peer.down);
        await empty();
    }
}

/** Figures of each operation and tool; the ratio is to the first peer's. */
function figures() {
    return [...samples].flatMap(([operation, byTool]) => {
        const peer = byTool.get("walkthrough");
        const base = peer && medianCost(peer).seconds;
        return [...byTool].map(([tool, all]) => {
            const { seconds, cpu, megabytes } = medianCost(all);
            const times = all.map((sample) => sample.seconds);
            return {
                operation,
                tool,
                seconds,
                spread: [Math.min(...times), Math.max(...times)] as const,
                ratio: base === undefined ? undefined : seconds / base,
                cpu,
                megabytes,
                requests: median(all.map((sample) => sample.requests)),
            };
        });
    });
}

export type Figure = ReturnType<typeof figures>[number];

function show(found: readonly Figure[]): string {
    const rows = found.map(({ operation, tool, seconds, spread, ratio, cpu, megabytes, requests: asked }) => [
        operation,
        tool,
        seconds.toFixed(1),
        spread.map((each) => each.toFixed(1)).join(" to "),
        ratio === undefined ? "" : `${ratio.toFixed(2)} x`,
        cpu.toFixed(1),
        megabytes.toFixed(0),
        String(asked),
    ]);
    return table(["OPERATION", "BY", "SECONDS", "SPREAD", "RATIO", "CPU SECONDS", "MB", "API REQUESTS"], rows);
}

function stateMegabytes(): number {
    const found = readdirSync(lab.place.backend, { recursive: true, withFileTypes: true }).find(
        ({ parentPath, name }) => name === `${stack.name}.json` && parentPath.includes("/stacks"),
    );
    return found === undefined ? 0 : statSync(join(found.parentPath, found.name)).size / 1e6;
}

async function main({ rounds, output }: { rounds: number; output: string }): Promise<void> {
    await lab.command("reset");
    await stack.forget();
    await lab.command("start");
    try {
        const { bundle } = stack.settings();
        // Each program is read from the disk once.
        await stack.up("--skip-preview");
        const state = stateMegabytes();
        await stack.destroy();
        await empty();
        for (let count = 0; count < rounds; count += 1) await round([byWalkthrough(bundle!), byHelm(bundle!)]);
        const found = figures();
        console.log(`${show(found)}\n\nState: ${state.toFixed(2)} MB`);
        writeFileSync(
            `${output}.json`,
            `${JSON.stringify({ rounds, stateMegabytes: state, figures: found }, null, 2)}\n`,
        );
        writeFileSync(`${output}.svg`, chart(found));
    } finally {
        await stack.forget();
        await lab.command("reset");
    }
}

void new Command("bench")
    .description("shows what each operation takes, beside the tools that do the same")
    .option("--rounds <number>", "how often everything is done", Number, 5)
    .option("--output <path>", "where the figures and the chart go, without .json and .svg", "bench")
    .action(main)
    .parseAsync();
