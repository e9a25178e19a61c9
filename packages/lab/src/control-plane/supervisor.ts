import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { reasonOf } from "@istio-on-pulumi/kube";
import { LoopbackPorts } from "../node-ports/loopback";
import { type ForwardedPorts, NodePortRelay } from "../node-ports/relay";
import { type LabPlace, labPlace } from "../place";
import { PodRunners } from "../pods";
import { NODE_PORT_ADDRESS } from "./addresses";
import { writeKubeconfig } from "./kubeconfig";
import { PART_VARIABLE } from "./marks";
import { untilNodeTakesPods } from "./node";
import { createClusterObjects } from "./objects";
import { PartRunner } from "./part-runner";
import { controlPlane, KUBECONFIG_USERS, kubeconfigOf, type Part, partFiles } from "./parts";
import { type LeafName, Pki } from "./pki";
import { recordOf, removeRecord, saveRecord } from "./processes";
import { type ProxyMode, proxyMode } from "./proxy-mode";
import { StatusBoard, SUPERVISOR } from "./status";
import { provisionVolumes } from "./volumes";

/** Environment variable of the supervisor: `on` if sidecars, gateways and workloads are to run. */
export const DATA_PLANE_VARIABLE = "LAB_DATA_PLANE";

/** The lab's parts that are tasks of the supervisor, not programs. */
const OBJECTS = "objects";
const NODE = "node";
const VOLUMES = "volumes";
const PODS = "pods";
const NODE_PORTS = "node-ports";

/** Runs in the lab's namespace: starts the control plane in order, keeps it running, and ends it on SIGTERM. */
class Supervisor {
    private readonly stopped = new AbortController();
    private readonly runners = new Map<string, PartRunner>();
    private readonly ready = new Map<string, Promise<unknown>>();
    private readonly board: StatusBoard;
    private readonly parts: Part[];
    private pods?: PodRunners;

    constructor(
        private readonly place: LabPlace,
        private readonly dataPlane: boolean,
        private readonly mode: ProxyMode,
    ) {
        const pki = Pki.open(place.pki);
        writeKubeconfig(place.kubeconfig, pki, "admin");
        for (const user of KUBECONFIG_USERS) writeKubeconfig(kubeconfigOf(place, user), pki, user);
        this.parts = controlPlane(place, pki, mode);
        for (const [file, text] of Object.entries(partFiles(place, dataPlane))) writeFileSync(file, text);
        this.board = new StatusBoard(place.statusFile, [
            ...this.parts.map((part) => part.name),
            OBJECTS,
            NODE,
            VOLUMES,
            PODS,
            NODE_PORTS,
        ]);
    }

    start(): void {
        for (const part of this.parts) this.ready.set(part.name, this.startPart(part));
        this.startTask(OBJECTS, "admin", ["kube-apiserver"], (config) => createClusterObjects(config));
        this.startTask(NODE, "admin", [OBJECTS, "kwok"], (config) => untilNodeTakesPods(config, this.stopped.signal));
        this.startTask(VOLUMES, "volumes", [OBJECTS], (config) =>
            provisionVolumes(config, join(this.place.state, "volumes"), this.stopped.signal),
        );
        this.startTask(PODS, "node", [OBJECTS, "kube-proxy"], async (config) => {
            this.pods = new PodRunners(
                this.place,
                config,
                this.environment("pod"),
                this.board,
                this.dataPlane,
                this.stopped.signal,
            );
            await this.pods.start();
        });
        const forwarded = ({ open, refused }: ForwardedPorts) => {
            const detail = [
                `on ${NODE_PORT_ADDRESS}: ${open.join(", ") || "no node port yet"}`,
                ...refused.map(({ port, reason }) => `not ${port} (${reason})`),
            ].join("; ");
            this.board.part({ name: NODE_PORTS, state: "ready", pid: process.pid, restarts: 0, detail });
        };
        const file = this.place.nodePortSocket;
        // In iptables mode kube-proxy opens node ports on loopback, too; in nftables mode it does not.
        const inside = this.mode === "nftables" ? new LoopbackPorts(file, () => undefined) : undefined;
        const relay = new NodePortRelay(file, forwarded, inside);
        this.startTask(NODE_PORTS, "node", [OBJECTS], (config) => relay.start(config, this.stopped.signal));
    }

    /** Pods first, then what serves them, the API server next to last. */
    async stop(): Promise<void> {
        this.stopped.abort();
        await this.pods?.stop();
        const last = ["kube-apiserver", "etcd"];
        const others = [...this.runners].filter(([name]) => !last.includes(name));
        await Promise.all(others.map(([, runner]) => runner.stop()));
        for (const name of last) await this.runners.get(name)?.stop();
    }

    private async startPart(part: Part): Promise<void> {
        const runner = new PartRunner(part, this.place, this.environment(part.name), this.board);
        this.runners.set(part.name, runner);
        // The tasks among the prerequisites are entered into the map after all parts.
        await sleep(0);
        await this.after(part.after);
        if (!this.stopped.signal.aborted) await runner.start();
    }

    private startTask(
        name: string,
        user: LeafName,
        after: string[],
        task: (config: import("@kubernetes/client-node").KubeConfig) => Promise<void>,
    ): void {
        const run = async () => {
            // Loaded while etcd starts: it is large.
            const { KubeConfig } = await import("@kubernetes/client-node");
            await this.after(after);
            const config = new KubeConfig();
            config.loadFromFile(user === "admin" ? this.place.kubeconfig : kubeconfigOf(this.place, user));
            while (!this.stopped.signal.aborted) {
                this.board.part({ name, state: "starting", pid: process.pid, restarts: 0 });
                try {
                    await task(config);
                    this.board.part({ name, state: "ready", pid: process.pid, restarts: 0 });
                    return;
                } catch (error) {
                    console.error(`${name}:`, error);
                    this.board.part({
                        name,
                        state: "down",
                        restarts: 0,
                        detail: `${reasonOf(error)}, tried again in 1 s`,
                    });
                    await sleep(1000, undefined, { signal: this.stopped.signal }).catch(() => undefined);
                }
            }
        };
        this.ready.set(name, run());
    }

    private async after(names: readonly string[]): Promise<void> {
        await Promise.all(names.map(async (name) => this.ready.get(name)));
    }

    /** Nothing of the user's environment reaches the programs: a proxy variable would lead them out of the lab. */
    private environment(part: string): Record<string, string> {
        return {
            PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            HOME: this.place.state,
            [PART_VARIABLE]: `${this.place.netns}/${part}`,
        };
    }
}

function main(): void {
    const place = labPlace();
    for (const dir of [place.state, place.run, place.logs]) mkdirSync(dir, { recursive: true, mode: 0o700 });
    const self = recordOf(SUPERVISOR, process.pid);
    if (self) saveRecord(place.run, self);
    const supervisor = new Supervisor(place, process.env[DATA_PLANE_VARIABLE] === "on", proxyMode(process.env));
    let ending = false;
    for (const name of ["SIGTERM", "SIGINT"] as const) {
        process.on(name, () => {
            if (ending) return;
            ending = true;
            void supervisor.stop().then(() => {
                removeRecord(place.run, SUPERVISOR);
                process.exit(0);
            });
        });
    }
    supervisor.start();
}

if (require.main === module) main();
