/**
 * What the program costs in a cluster full of others' objects, and with an API server that is slow or too busy, on a
 * lab of its own (`soak`): `npm run soak:limits`. It prints a table each, and removes the lab.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { table } from "@istio-on-pulumi/lab";
import { Lab } from "../../tests/support/lab";
import { administratorsKubeconfig, AUDITED } from "../../tests/support/lab-access";
import { openRelay } from "../../tests/support/lab-relay";
import { Stack } from "../../tests/support/lab-stack";
import { type Cost, costOf, medianCost } from "../bench/measure";
import { crowd } from "./crowd";

const CROWD = { namespaces: 200, services: 1000, pods: 2000 };
const ANSWER_MS = 500;

const lab = Lab.named("soak", 30 * 60_000);
const stack = new Stack(lab);

const onStack = ["--stack", stack.name, "--non-interactive", "--suppress-outputs"];
const DOCTOR = ["node", "scripts/run.mjs", "packages/inspect/src/cli.ts", "doctor", "--no-ask"];
/** What is measured, by its name in the tables. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
    preview: ["pulumi", "preview", "--expect-no-changes", ...onStack],
    "up without changes": ["pulumi", "up", "--yes", "--skip-preview", "--expect-no-changes", ...onStack],
    doctor: DOCTOR,
};

type Costs = Readonly<Record<string, Cost>>;

async function measureAll(runs: number, env: Record<string, string> = {}): Promise<Costs> {
    const costs: Record<string, Cost> = {};
    for (const [name, command] of Object.entries(COMMANDS)) {
        // The first run fills caches.
        await costOf(lab, command, env);
        const measured: Cost[] = [];
        while (measured.length < runs) measured.push(await costOf(lab, command, env));
        costs[name] = medianCost(measured);
    }
    return costs;
}

function compared(title: string, before: Costs, after: Costs): string {
    const pair = (was: number, is: number, digits: number) => [
        was.toFixed(digits),
        is.toFixed(digits),
        `${(is / was).toFixed(2)} x`,
    ];
    const rows = Object.entries(after).map(([name, { seconds, megabytes }]) => [
        name,
        ...pair(before[name]!.seconds, seconds, 1),
        ...pair(before[name]!.megabytes, megabytes, 0),
    ]);
    return `\n${title}\n${table(["COMMAND", "SECONDS", "THEN", "RATIO", "MB", "THEN", "RATIO"], rows)}`;
}

const FLOW = { apiVersion: "flowcontrol.apiserver.k8s.io/v1", metadata: { name: "soak-busy" } };

/** The API server serves one request of this account at a time, and answers the others with 429. */
async function refuseMany(account: string): Promise<void> {
    const subject = { kind: "ServiceAccount", serviceAccount: { namespace: AUDITED, name: account } };
    const all = { verbs: ["*"], apiGroups: ["*"], resources: ["*"], clusterScope: true, namespaces: ["*"] };
    const paths = { verbs: ["*"], nonResourceURLs: ["*"] };
    const level = {
        ...FLOW,
        kind: "PriorityLevelConfiguration",
        spec: { type: "Limited", limited: { nominalConcurrencyShares: 1, limitResponse: { type: "Reject" } } },
    };
    const schema = {
        ...FLOW,
        kind: "FlowSchema",
        spec: {
            priorityLevelConfiguration: { name: level.metadata.name },
            matchingPrecedence: 2,
            rules: [{ subjects: [subject], resourceRules: [all], nonResourceRules: [paths] }],
        },
    };
    for (const object of [level, schema]) {
        await lab.output(["kubectl", "apply", "-f", "-"], { input: JSON.stringify(object) });
    }
}

/** Requests of a priority level that the API server refused so far. */
async function refused(): Promise<number> {
    const metrics = await lab.output(["kubectl", "get", "--raw", "/metrics"]);
    return metrics
        .split("\n")
        .filter((line) => /^apiserver_flowcontrol_rejected_requests_total\{.*soak-busy/.test(line))
        .reduce((sum, line) => sum + Number(line.split(" ").pop()), 0);
}

async function busy(runs: number, quiet: Costs): Promise<void> {
    const account = "soak";
    const directory = mkdtempSync(join(tmpdir(), "soak-"));
    try {
        const kubeconfig = await administratorsKubeconfig(lab, account, directory);
        await refuseMany(account);
        await stack.with({ "cluster.kubeconfig": kubeconfig }, async () => {
            await stack.up("--skip-preview");
            const before = await refused();
            const costs = await measureAll(runs, { KUBECONFIG: kubeconfig });
            const count = (await refused()) - before;
            console.log(compared(`The API server refused ${count} requests with 429`, quiet, costs));
        });
    } finally {
        rmSync(directory, { recursive: true });
    }
    await stack.up("--skip-preview");
}

async function slow(quiet: Costs): Promise<void> {
    const way = await openRelay(lab, ANSWER_MS);
    try {
        await stack.with({ "cluster.kubeconfig": way.kubeconfig }, async () => {
            await stack.up("--skip-preview");
            const costs = await measureAll(1, { KUBECONFIG: way.kubeconfig });
            console.log(compared(`Each answer of the API server takes ${ANSWER_MS} ms more`, quiet, costs));
        });
    } finally {
        await way.close();
    }
    await stack.up("--skip-preview");
}

async function main({ runs }: { runs: number }): Promise<void> {
    await lab.command("reset");
    await stack.forget();
    await lab.command("start");
    try {
        await stack.up("--skip-preview");
        const quiet = await measureAll(runs);
        await slow(quiet);
        await busy(runs, quiet);
        await crowd(lab, CROWD);
        const { namespaces, services, pods } = CROWD;
        const title = `In a cluster with ${namespaces} namespaces, ${services} Services and ${pods} pods of others`;
        console.log(compared(title, quiet, await measureAll(runs)));
    } finally {
        await stack.forget();
        await lab.command("reset");
    }
}

void new Command("soak:limits")
    .description("shows what a crowded cluster, and a slow or busy API server, cost")
    .option("--runs <number>", "how often each command is measured", Number, 5)
    .action(main)
    .parseAsync();
