import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "@istio-on-pulumi/kube";
import type { LabPlace } from "../place";
import { loader } from "../plugins";
import { podsDir } from "../pods/pod-file";
import type { Report } from "../run";
import { markedProcesses, PART_VARIABLE } from "./marks";
import { createLabNetns, deleteLabNetns, inNetns, NETNS_DIR } from "./netns";
import {
    endProcess,
    isAlive,
    type ProcessRecord,
    readRecord,
    readRecords,
    recordOf,
    removeRecord,
    saveRecord,
} from "./processes";
import { PROXY_MODE_VARIABLE, type ProxyMode, proxyMode } from "./proxy-mode";
import { type LabStatus, readStatus, SUPERVISOR } from "./status";
import { DATA_PLANE_VARIABLE } from "./supervisor";

/** Name of the process record of what forwards the node ports. */
const FORWARDER = "node-port-forwarder";
/** How long the control plane may take to become ready, in milliseconds. */
const START_TIMEOUT_MS = 120_000;
/** How long an orderly stop may take before what is left is ended one by one. */
const STOP_TIMEOUT_MS = 40_000;

/** The supervisor's record, if it runs. */
function runningSupervisor(place: LabPlace): ProcessRecord | undefined {
    const record = readRecord(place.run, SUPERVISOR);
    return record && isAlive(record) ? record : undefined;
}

/** Directory of the network namespaces of a lab that runs, wherever it is looked at from. */
export const namespacesOf = (place: LabPlace) => join(`/proc/${runningSupervisor(place)?.pid}/root`, NETNS_DIR);

/** The lab as it is now; `running` tells whether there is somebody who keeps it so. */
export function labStatus(place: LabPlace): LabStatus & { running: boolean } {
    const running = existsSync(join(namespacesOf(place), place.netns));
    const status = readStatus(place.statusFile) ?? { ready: false, parts: [], pods: [] };
    return { ...status, running, ready: running && status.ready };
}

/**
 * Starts the control plane and waits until every part is ready; one that runs is left alone, the remains of a dead one
 * are removed first.
 * @param dataPlane whether sidecars, gateways and workloads are to run in it.
 * @returns whether it was started.
 * @throws UserError naming the parts that did not become ready, or if LAB_PROXY_MODE is none.
 */
export async function startControlPlane(place: LabPlace, dataPlane: boolean, report: Report): Promise<boolean> {
    const running = labStatus(place).running;
    const mode = proxyMode(process.env);
    if (!running) {
        await stopControlPlane(place, report);
        await createLabNetns(place);
        startSupervisor(place, dataPlane, mode);
    }
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!labStatus(place).ready) {
        const { parts } = labStatus(place);
        const late = parts.filter((part) => part.state !== "ready");
        if (late.length > 0) {
            const states = late.map(({ name, state }) => `${name} ${state}`).join(", ");
            report(`${parts.length - late.length} of ${parts.length} parts ready; ${states}`);
        }
        if (Date.now() > deadline) {
            const why = late
                .map((part) => `${part.name} (${[part.state, part.detail, part.log].filter(Boolean).join(", ")})`)
                .join("; ");
            const silence = `its supervisor said nothing, see ${join(place.logs, "supervisor.log")}`;
            throw new UserError(
                `The lab ${place.name} was not ready after ${START_TIMEOUT_MS / 1000} s: ${why || silence}.`,
            );
        }
        await sleep(50);
    }
    startForwarder(place);
    return !running;
}

/** Opens the node ports on the machine's loopback, unless they are open; what opens them ends with the supervisor. */
function startForwarder(place: LabPlace): void {
    const before = readRecord(place.run, FORWARDER);
    if (before && isAlive(before)) return;
    const log = openSync(join(place.logs, `${FORWARDER}.log`), "a");
    const child = spawn(
        process.execPath,
        ["--import", loader(), join(__dirname, "..", "node-ports", "forward.ts"), place.nodePortSocket],
        { cwd: "/", detached: true, stdio: ["ignore", log, log] },
    );
    closeSync(log);
    child.unref();
    const record = child.pid === undefined ? undefined : recordOf(FORWARDER, child.pid);
    if (record) saveRecord(place.run, record);
}

function startSupervisor(place: LabPlace, dataPlane: boolean, mode: ProxyMode): void {
    mkdirSync(place.logs, { recursive: true });
    const log = openSync(join(place.logs, "supervisor.log"), "a");
    const [program, ...args] = inNetns(place.netns, [
        process.execPath,
        "--import",
        loader(),
        join(__dirname, "supervisor.ts"),
    ]);
    // Only what names the lab: a proxy variable, for one, would lead its clients astray.
    const { HOME, PATH, XDG_STATE_HOME, XDG_CACHE_HOME } = process.env;
    const env = {
        HOME,
        PATH,
        XDG_STATE_HOME,
        XDG_CACHE_HOME,
        LAB_NAME: place.name,
        [DATA_PLANE_VARIABLE]: dataPlane ? "on" : "off",
        [PROXY_MODE_VARIABLE]: mode,
        [PART_VARIABLE]: `${place.netns}/${SUPERVISOR}`,
    };
    const child = spawn(program, args, { cwd: "/", detached: true, stdio: ["ignore", log, log], env });
    closeSync(log);
    child.unref();
}

/**
 * Ends everything that the lab started, by pid, and removes its namespaces; the cluster's data stays.
 * @returns whether anything ran.
 */
export async function stopControlPlane(place: LabPlace, report: Report): Promise<boolean> {
    const supervisor = runningSupervisor(place);
    if (supervisor) {
        report("ending the control plane");
        await endProcess(supervisor, STOP_TIMEOUT_MS);
    }
    // What a supervisor that was killed has left behind: recorded, or marked by its environment.
    const left = [...readRecords(place.run).filter(isAlive), ...(await labProcesses(place.netns))];
    if (left.length > 0) report(`ending ${left.length} processes that were left behind`);
    await Promise.all(left.map((record) => endProcess(record, 5000)));
    for (const { name } of readRecords(place.run)) removeRecord(place.run, name);
    await deleteLabNetns(place.netns);
    await rm(place.statusFile, { force: true });
    await rm(podsDir(place), { recursive: true, force: true });
    return supervisor !== undefined || left.length > 0;
}

/** Removes the data of a stopped lab: its cluster and its Pulumi backend. */
export async function removeState(place: LabPlace): Promise<void> {
    await rm(place.state, { recursive: true, force: true });
}

/** Processes in the lab's namespaces whose environment says that the lab started them. */
async function labProcesses(netns: string): Promise<ProcessRecord[]> {
    const names = (await readdir(NETNS_DIR).catch((): string[] => [])).filter(
        (name) => name === netns || name.startsWith(`${netns}.`),
    );
    return (
        await Promise.all(names.map((name) => markedProcesses(name, (mark) => mark.startsWith(`${netns}/`))))
    ).flat();
}
