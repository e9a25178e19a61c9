import type { ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { labStatus, run } from "@istio-on-pulumi/lab";
import type { Lab } from "./lab";
import type { Relay } from "./lab-relay";
import { aboutProcess, descendants } from "./processes";

/** What goes wrong in the middle of an operation. */
export interface Interruption {
    readonly name: string;
    happen(scene: Scene): Promise<void>;
}

/** Where it goes wrong. */
export interface Scene {
    readonly lab: Lab;
    /** The `pulumi` process of the operation, which still runs. */
    readonly engine: ChildProcess;
    /** The engine's and its plugins' way to the API server. */
    readonly relay: Relay;
}

/** How GitHub's runner ends a cancelled job: an interrupt, after 7.5 s a request to end, after 2.5 s more the kill. */
const CANCEL_MS = [7500, 2500] as const;
/** For how long the engine reaches nothing of the cluster. */
const CUT_MS = 60_000;

export const KILL: Interruption = {
    name: "the engine is killed",
    happen: ({ engine }) => end(engine, "SIGKILL"),
};
export const CTRL_C_TWICE: Interruption = {
    name: "Ctrl-C twice",
    happen: async ({ engine }) => {
        const ended = end(engine, "SIGINT");
        await Promise.race([ended, sleep(1000)]);
        await end(engine, "SIGINT");
    },
};
export const PROVIDER: Interruption = {
    name: "the provider is killed",
    happen: ({ engine }) => killProvider(engine),
};
export const API_SERVER: Interruption = {
    name: "the API server is killed",
    happen: ({ lab }) => killPart(lab, "kube-apiserver"),
};

export const INTERRUPTIONS: readonly Interruption[] = [
    KILL,
    { name: "Ctrl-C", happen: ({ engine }) => end(engine, "SIGINT") },
    CTRL_C_TWICE,
    {
        name: "the job is cancelled",
        happen: async ({ engine }) => {
            const ended = end(engine, "SIGINT");
            await Promise.race([ended, sleep(CANCEL_MS[0])]);
            await Promise.race([end(engine, "SIGTERM"), sleep(CANCEL_MS[1])]);
            await end(engine, "SIGKILL");
        },
    },
    PROVIDER,
    API_SERVER,
    { name: "etcd is killed", happen: ({ lab }) => killPart(lab, "etcd") },
    {
        name: "istiod is killed",
        happen: async ({ lab }) => {
            const selected = ["--namespace", "istio-system", "--selector", "app=istiod"];
            await lab.run(["kubectl", "delete", "pod", ...selected, "--grace-period=0", "--force"]);
        },
    },
    { name: "the network is cut for 60 s", happen: ({ relay }) => relay.cut(CUT_MS) },
    { name: "the state's disk is full", happen: fillDisk },
];

/** Sends a signal and waits until the process is gone. */
function end(engine: ChildProcess, signal: NodeJS.Signals): Promise<void> {
    const ended = endOf(engine);
    engine.kill(signal);
    return ended;
}

/** Resolves when the process is gone. */
export function endOf(engine: ChildProcess): Promise<void> {
    if (engine.exitCode !== null || engine.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => engine.once("exit", () => resolve()));
}

function killProvider(engine: ChildProcess): Promise<void> {
    for (const pid of descendants(engine.pid!)) {
        const [program = ""] = aboutProcess(pid, "cmdline").split("\0");
        if (program.endsWith("/pulumi-resource-kubernetes")) process.kill(pid, "SIGKILL");
    }
    return Promise.resolve();
}

/** The lab starts it again, as a node's kubelet does. */
function killPart(lab: Lab, name: string): Promise<void> {
    const part = labStatus(lab.place).parts.find((each) => each.name === name);
    if (part?.pid !== undefined) process.kill(part.pid, "SIGKILL");
    return Promise.resolve();
}

/** The state moves to a disk that it fills, until the operation has ended; what it is then is what there is. */
async function fillDisk({ lab, engine }: Scene): Promise<void> {
    const { backend } = lab.place;
    const aside = mkdtempSync(join(tmpdir(), "istio-on-pulumi-"));
    const move = (from: string, to: string) => run(["cp", "-a", `${from}/.`, to]);
    try {
        // What it would write meanwhile would be lost, or not fit.
        engine.kill("SIGSTOP");
        await move(backend, aside);
        await run(["mount", "-t", "tmpfs", "-o", `size=${pagesOf(aside) + SPARE_BYTES}`, "tmpfs", backend]);
        try {
            await move(aside, backend);
            engine.kill("SIGCONT");
            await endOf(engine);
            rmSync(aside, { recursive: true });
            await run(["cp", "-a", backend, aside]);
        } finally {
            engine.kill("SIGCONT");
            await run(["umount", backend]);
        }
        rmSync(backend, { recursive: true });
        await run(["cp", "-a", aside, backend]);
    } finally {
        rmSync(aside, { recursive: true, force: true });
    }
}

/** For what the engine writes before its state, such as a file of its lock. */
const SPARE_BYTES = 16 * 4096;

/** What the files of a directory take on a disk of pages. */
const pagesOf = (directory: string): number =>
    readdirSync(directory, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .reduce((sum, { parentPath, name }) => sum + Math.ceil(statSync(join(parentPath, name)).size / 4096) * 4096, 0);
