/**
 * What many rounds of `up` and `destroy` leave on the machine and in the cluster, on a lab of its own (`soak`):
 * `npm run soak:rounds`. It prints a table of what there is after the first round and after the last.
 */
import { readdirSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { namespacesOf, processesIn, run, table } from "@istio-on-pulumi/lab";
import { Lab } from "../../tests/support/lab";
import { untilAnswered } from "../../tests/support/lab-load";
import { snapshotAtRest } from "../../tests/support/lab-objects";
import { Stack } from "../../tests/support/lab-stack";

const lab = Lab.named("soak", 15 * 60_000);
const stack = new Stack(lab);

const lines = (text: string) => text.trim().split("\n").length;

/** Files below a directory. */
function filesIn(directory: string): string[] {
    return readdirSync(directory, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name));
}

const megabytesOf = (files: readonly string[]) =>
    Number((files.reduce((sum, file) => sum + statSync(file).size, 0) / 1e6).toFixed(2));

/** What could grow, by its name in the table. */
async function traces(): Promise<Record<string, number>> {
    const { backend, cache, netns, pulumiHome } = lab.place;
    const directory = namespacesOf(lab.place);
    const namespaces = readdirSync(directory).filter((name) => name === netns || name.startsWith(`${netns}.`));
    const processes = await Promise.all(namespaces.map((name) => processesIn(join(directory, name))));
    const ofEngine = filesIn(backend);
    return {
        "objects in the cluster": (await snapshotAtRest(lab)).size,
        "processes of the lab": processes.flat().length,
        "network namespaces": namespaces.length,
        "iptables rules of the machine": lines(await run(["iptables-save"])),
        "iptables rules of the node": lines(await lab.output(["iptables-save"])),
        "MB of the stack's state": megabytesOf(ofEngine.filter((file) => file.endsWith(`/${stack.name}.json`))),
        "MB of its history and backups": megabytesOf(ofEngine.filter((file) => /\/(history|backups)\//.test(file))),
        "files of the cache": filesIn(cache).length,
        "files of the engine's home": filesIn(pulumiHome).length,
        "entries of the temporary directory": readdirSync(tmpdir()).length,
    };
}

async function round(): Promise<void> {
    await stack.up("--skip-preview");
    const { productpageUrl } = await stack.outputs<{ productpageUrl: string }>();
    await untilAnswered(productpageUrl);
    await stack.destroy();
}

async function main({ rounds }: { rounds: number }): Promise<void> {
    await lab.command("reset");
    await stack.forget();
    await lab.command("start");
    try {
        await round();
        const first = await traces();
        for (let count = 2; count <= rounds; count += 1) {
            await round();
            console.log(`${new Date().toISOString().slice(11, 19)} round ${count}`);
        }
        const last = await traces();
        const rows = Object.entries(first).map(([name, count]) => [name, String(count), String(last[name])]);
        console.log(table(["THERE IS", "AFTER 1", `AFTER ${rounds}`], rows));
    } finally {
        await stack.forget();
        await lab.command("reset");
    }
}

void new Command("soak:rounds")
    .description("brings the stack up and down many times, and shows what that leaves")
    .option("--rounds <number>", "how often", Number, 100)
    .action(main)
    .parseAsync();
