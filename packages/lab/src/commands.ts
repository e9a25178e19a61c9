import { mkdir } from "node:fs/promises";
import { labStatus, removeState, stopControlPlane } from "./control-plane/control";
import { proxyMode } from "./control-plane/proxy-mode";
import { wantsDataPlane } from "./data-plane";
import { endpointsOf, endpointTable } from "./endpoints";
import { labEnvironment } from "./environment";
import { exec } from "./exec";
import { withLock } from "./lock";
import type { LabPlace } from "./place";
import { choosePlugins, describePlugins, pluginDir } from "./plugins";
import { run } from "./run";
import { type StartOptions, startSteps } from "./start";
import { table } from "./table";
import { runSteps, type Step } from "./ui";
import { inLab } from "./user-namespace";

/** Builds what is missing, starts the lab unless it runs, and makes its stack. */
export async function start(place: LabPlace, options: StartOptions = {}): Promise<void> {
    // A mistake in the environment is told before anything is built.
    choosePlugins(place);
    wantsDataPlane();
    proxyMode(process.env);
    await mkdir(place.state, { recursive: true, mode: 0o700 });
    await alone(place, startSteps(place, options));
}

/** Only one process may start or stop a lab at a time. */
const alone = (place: LabPlace, steps: readonly Step[]) =>
    withLock(place.state, `lab ${place.name}`, () => runSteps(steps));

/** Ends the lab; its cluster's data stays. */
export async function stop(place: LabPlace): Promise<void> {
    await alone(place, [stopStep(place)]);
}

const stopStep = (place: LabPlace): Step => ({
    title: `Stop the lab ${place.name}`,
    run: async (report) =>
        (await stopControlPlane(place, report))
            ? `The lab ${place.name} is stopped; its data stays in ${place.state}`
            : `The lab ${place.name} did not run`,
});

/** Ends the lab and removes its cluster and its stacks; what is built stays. */
export async function reset(place: LabPlace): Promise<void> {
    await alone(place, [
        stopStep(place),
        {
            title: "Remove its data",
            run: async () => {
                await removeState(place);
                return `The data of the lab ${place.name} is removed`;
            },
        },
    ]);
}

/** Prints each part, its state and pid, and where things are. @returns the exit code: 0 if every part is ready. */
export function status(place: LabPlace): number {
    const { running, ready, parts, pods } = labStatus(place);
    if (running) {
        const rows = [...parts, ...pods].map(({ name, state, pid = "", restarts, detail = "" }) =>
            [name, state, pid, restarts, detail].map(String),
        );
        console.log(`${table(["PART", "STATE", "PID", "RESTARTS", "DETAIL"], rows)}\n`);
        console.log(`The lab ${place.name} ${ready ? "is ready" : "is not ready"}.\n`);
        const paths = {
            "network namespace": place.netns,
            kubeconfig: place.kubeconfig,
            backend: place.backend,
            logs: place.logs,
            programs: place.bin,
        };
        console.log(`${table(["WHAT", "WHERE"], Object.entries(paths))}\n`);
    }
    console.log(describePlugins(choosePlugins(place)));
    if (!running) console.log(`\nThe lab ${place.name} does not run. Start it: npm run lab -- start`);
    return ready ? 0 : 1;
}

/**
 * Starts the lab, brings the stack up, prints the endpoints, and leaves the lab running.
 * @returns the exit code of the engine.
 */
export async function demo(place: LabPlace, options: StartOptions = {}): Promise<number> {
    await start(place, options);
    const choices = choosePlugins(place);
    console.log(`\n${describePlugins(choices)}\n`);
    const up = ["pulumi", "up", "--yes", "--skip-preview", "--suppress-outputs", "--stack", place.stack];
    const code = await exec(place, up, place.repository);
    if (code !== 0) return code;
    const env = labEnvironment(place, await pluginDir(place, choices));
    const text = await run(inLab(place, ["pulumi", "stack", "output", "--json", "--stack", place.stack]), {
        cwd: place.repository,
        env,
    });
    const outputs = JSON.parse(text) as { productpageUrl?: string } & Record<string, unknown>;
    console.log(`\n${endpointTable(endpointsOf(outputs))}\n`);
    console.log(`The lab runs on.\n${table(["TO", "DO"], nextSteps(place, outputs.productpageUrl))}`);
    return 0;
}

function nextSteps(place: LabPlace, page?: string): string[][] {
    const bookinfoRuns = labStatus(place).pods.some(({ name }) => name.includes("/productpage-"));
    return [
        ...(page !== undefined && bookinfoRuns ? [["open in a browser", page]] : []),
        ["look around", "npm run lab -- exec kubectl get pods -A"],
        ["prove the mesh", "npm run lab -- exec npm run inspect -- doctor"],
        ["send requests", "npm run lab -- exec npm run inspect -- traffic"],
        ["end it", "npm run lab -- stop"],
    ];
}
