/**
 * What a change of a setting does to a stack that is up, seen on a lab of its own (`bench`) with requests on their way:
 * `npm run bench:changes`. It prints the table of docs/upgrades.md.
 */
import { rmSync } from "node:fs";
import { Command } from "commander";
import { Lab } from "../../tests/support/lab";
import { Load, untilAnswered } from "../../tests/support/lab-load";
import { getAll } from "../../tests/support/lab-objects";
import { previewOf } from "../../tests/support/lab-preview";
import { Stack } from "../../tests/support/lab-stack";
import type { Pod } from "../../tests/support/objects";

interface Change {
    readonly what: string;
    readonly settings: Readonly<Record<string, string>>;
}

/** Each is made after the one before it, on the same stack. */
const CHANGES: readonly Change[] = [
    { what: "`bookinfo.tag`: another", settings: { "bookinfo.tag": "1.20.3" } },
    { what: "`gateway.nodePort`: any to a fixed one", settings: { "gateway.nodePort": "30099" } },
    { what: "`gateway.nodePort`: the fixed one to any", settings: { "gateway.nodePort": "0" } },
    {
        what: "`addons.kiali.serviceType`: NodePort to ClusterIP",
        settings: { "addons.kiali.serviceType": "ClusterIP" },
    },
    { what: "`istio.values`: two istiods", settings: { "istio.values.replicaCount": "2" } },
    { what: "`gatewayApi.version`: v1.2.1 to v1.3.0", settings: { "gatewayApi.version": "v1.3.0" } },
    { what: "`istio.version`: 1.25.1 to 1.25.3", settings: { "istio.version": "1.25.3" } },
    { what: "`istio.version`: 1.25.3 back to 1.25.2", settings: { "istio.version": "1.25.2" } },
    { what: "`mtls.mode`: PERMISSIVE to STRICT", settings: { "mtls.mode": "STRICT" } },
    { what: "`bookinfo.namespace`: another", settings: { "bookinfo.namespace": "bookinfo-moved" } },
];

const lab = Lab.named("bench");
const stack = new Stack(lab);

async function pods(): Promise<Map<string, string>> {
    const all = await getAll<Pod>(lab, "pods", "--all-namespaces");
    return new Map(all.map(({ metadata }) => [metadata.uid, metadata.name.replace(/-[a-z0-9]+-[a-z0-9]+$|-\d+$/, "")]));
}

async function productpage(): Promise<string> {
    const { productpageUrl } = await stack.outputs<{ productpageUrl: string }>();
    await untilAnswered(productpageUrl);
    return productpageUrl;
}

/** A row of the table: the change, its steps, the pods that it made anew, and what the requests saw. */
async function measure({ what, settings }: Change): Promise<string> {
    const before = await pods();
    const load = new Load(await productpage());
    await load.more(30);
    await stack.set(settings);
    const steps = (await previewOf(stack)).map((line) => line.slice(0, line.indexOf(" ")));
    await stack.up("--skip-preview");
    const url = await productpage();
    const { sent, failures, unavailable } = await load.stop();
    const anew = new Set([...(await pods())].filter(([uid]) => !before.has(uid)).map(([, name]) => name));
    const count = (sign: string, word: string) => {
        const number = steps.filter((step) => step === sign).length;
        return number === 0 ? [] : [`${number} ${word}`];
    };
    const done = [
        ...count("+", "created"),
        ...count("~", "updated"),
        ...count("+-", "replaced"),
        ...count("-", "deleted"),
    ];
    const cells = [
        what,
        done.join(", "),
        [...anew].sort().join(", ") || "none",
        `${failures.length} of ${sent}`,
        `${unavailable.toFixed(1)} s`,
    ];
    process.stderr.write(`${cells.join(" | ")}; now at ${url}\n`);
    return `| ${cells.join(" | ")} |`;
}

async function main(): Promise<void> {
    await lab.command("reset");
    await stack.forget();
    await lab.command("start", "--istio", "1.25.2", "1.25.3");
    const rows: string[] = [];
    try {
        await stack.up("--skip-preview");
        for (const change of CHANGES) rows.push(await measure(change));
    } finally {
        await lab.command("reset");
        rmSync(lab.place.stackSettings, { force: true });
    }
    const heads = ["A change of", "Resources", "Pods made anew", "Requests that failed", "Unavailable"];
    process.stdout.write([`| ${heads.join(" | ")} |`, `|${heads.map(() => "---").join("|")}|`, ...rows, ""].join("\n"));
}

void new Command("bench:changes")
    .description("what a change does to a stack that is up, with requests on their way: the table of docs/upgrades.md")
    .action(main)
    .parseAsync();
