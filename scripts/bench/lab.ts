/**
 * How long the lab takes from the command to the first page, step by step, and how much memory it holds then. For a
 * machine that has nothing else to do: `npm run bench:lab` where everything is built, with `-- --cold` from empty
 * caches in a temporary directory. It makes a lab of its own (`bench`) and removes it.
 */
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import pRetry from "p-retry";
import { labPlace, namespacesOf, processesIn, table } from "@istio-on-pulumi/lab";

/** What a step of the lab's start prints when it is done. */
const STEP = /^✔ (?<title>.+) \[(?<seconds>[\d.]+) s\]$/gm;

interface Timed {
    readonly what: string;
    readonly seconds: number;
}

const place = labPlace({ ...process.env, LAB_NAME: "bench" });

async function lab(command: string, env: NodeJS.ProcessEnv) {
    // Not at the head of the file: a dependency of it can only be imported, and the loader makes requires of imports.
    const { execa } = await import("execa");
    return await execa(process.execPath, ["scripts/run.mjs", "packages/lab/src/cli.ts", command], {
        cwd: place.repository,
        env: { ...env, LAB_NAME: place.name },
        stdin: "ignore",
        stderr: ["pipe", "inherit"],
    });
}

/** Variables that name the caches of everything that is built or downloaded. */
const cachesIn = (dir: string) => ({
    XDG_CACHE_HOME: dir,
    GOCACHE: join(dir, "go-build"),
    GOMODCACHE: join(dir, "go-mod"),
    PIP_CACHE_DIR: join(dir, "pip"),
});

/** Brings the lab and its stack up, and asks for the product page. @returns what took how long */
async function demo(env: NodeJS.ProcessEnv): Promise<{ url: string; times: Timed[] }> {
    const { stdout, stderr, durationMs } = await lab("demo", env);
    const url = /http:\/\/\S+\/productpage/.exec(stdout)?.[0];
    if (url === undefined) throw new Error(`the demo printed no URL of the product page:\n${stdout}`);
    const answered = performance.now();
    await pRetry(() => page(url), { retries: 3000, factor: 1, minTimeout: 20, maxRetryTime: 60_000 });
    const first = (performance.now() - answered) / 1000;
    const steps = Array.from(stderr.matchAll(STEP), ({ groups }) => ({
        what: groups?.title ?? "",
        seconds: Number(groups?.seconds),
    }));
    const total = durationMs / 1000;
    const times = [
        ...steps,
        { what: "pulumi up, and starting the programs", seconds: total - sum(steps.map(({ seconds }) => seconds)) },
        { what: "the first page", seconds: first },
        { what: "from the command to the first page", seconds: total + first },
    ];
    return { url, times };
}

async function page(url: string): Promise<string> {
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    if (response.status !== 200) throw new Error(`${url} answered with ${response.status}`);
    return await response.text();
}

interface Memory {
    readonly program: string;
    /** In MB: what is shared counts by its part. */
    readonly proportional: number;
    /** Anonymous memory in MB. */
    readonly own: number;
}

/** The memory of a process; none if it has ended meanwhile. */
function memoryOf(pid: number): Memory[] {
    try {
        const [program = "", ...args] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
        const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
        const megabytes = (field: string) =>
            Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(rollup)?.[1] ?? 0) / 1024;
        const file = program.endsWith("/node") ? (args.find((arg) => /\.[jt]s$/.test(arg)) ?? program) : program;
        const name = file.split("/").pop() ?? "";
        return [{ program: name, proportional: megabytes("Pss"), own: megabytes("Pss_Anon") }];
    } catch {
        return [];
    }
}

/** The memory of the lab's processes, a row a program. */
async function memoryTable(): Promise<string> {
    const dir = namespacesOf(place);
    const namespaces = readdirSync(dir).filter((name) => name === place.netns || name.startsWith(`${place.netns}.`));
    const inside = await Promise.all(namespaces.map((name) => processesIn(join(dir, name))));
    const recorded = readdirSync(place.run).map(
        (name) => JSON.parse(readFileSync(join(place.run, name), "utf8")) as { pid: number },
    );
    const pids = new Set([...inside.flat(), ...recorded.map(({ pid }) => pid)]);
    const all = [...pids].flatMap(memoryOf);
    const rows = [...new Set(all.map(({ program }) => program))]
        .map((program) => [program, all.filter((each) => each.program === program)] as const)
        .map(([program, each]) => memoryRow(program, each))
        .sort((a, b) => Number(b[2]) - Number(a[2]));
    return table(["PROGRAM", "PROCESSES", "MB", "MB OF ITS OWN"], [...rows, memoryRow("all", all)]);
}

const memoryRow = (name: string, all: readonly Memory[]) => [
    name,
    String(all.length),
    sum(all.map(({ proportional }) => proportional)).toFixed(0),
    sum(all.map(({ own }) => own)).toFixed(0),
];

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

async function main({ cold = false }: { cold?: boolean }): Promise<void> {
    const caches = cold ? mkdtempSync(join(tmpdir(), "istio-on-pulumi-")) : undefined;
    const env = caches === undefined ? process.env : { ...process.env, ...cachesIn(caches) };
    await lab("reset", env);
    try {
        const { url, times } = await demo(env);
        const rows = times.map(({ what, seconds }) => [seconds.toFixed(1), what]);
        console.log(`\n${table(["SECONDS", cold ? "STEP, FROM EMPTY CACHES" : "STEP"], rows)}\n`);
        for (let request = 0; request < 200; request += 1) await page(url);
        console.log(await memoryTable());
    } finally {
        await lab("reset", env);
        if (caches !== undefined) await rm(caches, { recursive: true, force: true });
    }
}

void new Command("npm run bench:lab --")
    .option("--cold", "build and download everything anew, in temporary caches")
    .action(main)
    .parseAsync();
