/**
 * How long the lab takes from the command to the first page, and how much memory it holds then. For a machine on which everything
 * is built and that has nothing else to do: npm run bench:lab. It makes a lab of its own (`bench`) and removes it.
 */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { labPlace, markedProcesses, table } from "@istio-on-pulumi/lab";

const place = labPlace({ ...process.env, LAB_NAME: "bench" });

function lab(command: string): Promise<{ output: string; seconds: number }> {
    const begin = Date.now();
    return new Promise((resolve, reject) => {
        const child = spawn(process.execPath, ["scripts/run.mjs", "packages/lab/src/cli.ts", command], {
            cwd: place.repository,
            env: { ...process.env, LAB_NAME: place.name },
            stdio: ["ignore", "pipe", "inherit"],
        });
        let output = "";
        child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
        child
            .once("error", reject)
            .once("close", (code) =>
                code === 0
                    ? resolve({ output, seconds: (Date.now() - begin) / 1000 })
                    : reject(new Error(`lab ${command} ended with exit code ${code}:\n${output.slice(-2000)}`)),
            );
    });
}

/** Seconds until the page answers with 200. */
async function firstPage(url: string): Promise<number> {
    const begin = Date.now();
    for (;;) {
        const answered = await fetch(url, { signal: AbortSignal.timeout(10_000) }).then(
            ({ status }) => status === 200,
            () => false,
        );
        if (answered) return (Date.now() - begin) / 1000;
        if (Date.now() - begin > 60_000) throw new Error(`${url} did not answer with 200 within 60 s`);
        await sleep(20);
    }
}

/** Proportional and anonymous memory of a process in MB: what is shared counts by its part. */
function memoryOf(pid: number): { name: string; proportional: number; own: number } | undefined {
    try {
        const [program = "", ...args] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
        const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
        const megabytes = (field: string) =>
            Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(rollup)?.[1] ?? 0) / 1024;
        const name = program.endsWith("/node")
            ? (args
                  .find((arg) => /\.[jt]s$/.test(arg))
                  ?.split("/")
                  .pop() ?? "node")
            : (program.split("/").pop() ?? "");
        return { name, proportional: megabytes("Pss"), own: megabytes("Pss_Anon") };
    } catch {
        // It has ended meanwhile.
        return undefined;
    }
}

async function main(): Promise<void> {
    await lab("reset");
    try {
        const { output, seconds } = await lab("demo");
        const url = /http:\/\/\S+\/productpage/.exec(output)?.[0];
        if (url === undefined) throw new Error(`the demo printed no URL of the product page:\n${output}`);
        const page = await firstPage(url);
        console.log(`demo ${seconds.toFixed(1)} s, first 200 after ${(seconds + page).toFixed(1)} s`);
        for (let request = 0; request < 200; request += 1) await fetch(url).then((response) => response.text());
        const netns = readdirSync("/run/netns").filter(
            (name) => name === place.netns || name.startsWith(`${place.netns}.`),
        );
        const door = JSON.parse(readFileSync(join(place.run, "door.json"), "utf8")) as { pid: number };
        const pids = [
            ...(await Promise.all(netns.map((name) => markedProcesses(name, () => true)))).flat().map(({ pid }) => pid),
            door.pid,
        ];
        const all = pids.map(memoryOf).filter((each) => each !== undefined);
        const rows = [...new Set(all.map(({ name }) => name))].map((name) =>
            row(
                name,
                all.filter((each) => each.name === name),
            ),
        );
        const lines = [...rows.sort((a, b) => b[2] - a[2]), row("all", all)];
        console.log(
            table(
                ["PROGRAM", "PROCESSES", "MB", "MB OF ITS OWN"],
                lines.map(([name, count, proportional, own]) => [
                    name,
                    String(count),
                    proportional.toFixed(0),
                    own.toFixed(0),
                ]),
            ),
        );
    } finally {
        await lab("reset");
    }
}

const row = (name: string, all: readonly { proportional: number; own: number }[]) =>
    [name, all.length, sum(all.map(({ proportional }) => proportional)), sum(all.map(({ own }) => own))] as const;
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

main().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
});
