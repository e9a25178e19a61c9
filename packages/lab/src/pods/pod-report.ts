import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { V1Container, V1Pod } from "@kubernetes/client-node";
import { reasonOf } from "@istio-on-pulumi/kube";
import { netnsFile } from "../control-plane/netns";
import { now } from "./container-runner";
import { podNetns } from "./network";
import { podsDir, writePodFile } from "./pod-file";
import type { PodHost } from "./pod-host";
import { type ContainerState, type PodState, podStatus, waiting } from "./pod-status";

/** Pause before a status that the API server did not take is reported again, in milliseconds. */
const RETRY_MS = 500;

/** Notes how a pod's processes are and tells the API server, the node server (`pod.json`) and the lab's status. */
export class PodReport {
    /** `<namespace>/<name>`. */
    readonly name: string;
    /** Directory with everything of the pod. */
    readonly dir: string;
    /** How often a container was restarted by earlier runs of the lab. */
    readonly restarts: ReadonlyMap<string, number>;
    private readonly uid: string;
    private state: PodState;
    private reports: Promise<void> = Promise.resolve();
    private reporting = false;

    /** @param ended after it nothing is told any more. */
    constructor(
        private pod: V1Pod,
        private readonly host: PodHost,
        private readonly ended: AbortSignal,
    ) {
        const { namespace, name, uid = "" } = pod.metadata ?? {};
        this.name = `${namespace}/${name}`;
        this.uid = uid;
        this.dir = join(podsDir(host.place), uid);
        // A pod that ran before the lab was stopped starts once more, as after a restart of its node.
        const before = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
        this.restarts = new Map(
            before.map((status) => [status.name, status.containerID ? status.restartCount + 1 : 0]),
        );
        const kept = pod.status?.podIP;
        const unstarted = (containers: readonly V1Container[] = []) =>
            new Map(containers.map(({ name }) => [name, waiting("PodInitializing", this.restarts.get(name))]));
        this.state = {
            address: kept && host.addresses.keep(kept) ? kept : undefined,
            init: unstarted(pod.spec?.initContainers),
            containers: unstarted(pod.spec?.containers),
        };
    }

    get address(): string | undefined {
        return this.state.address;
    }

    /** Whether all of the pod's containers are ready. */
    get ready(): boolean {
        return [...this.state.containers.values()].every(({ ready }) => ready);
    }

    /** Takes note of a newer state of the pod in the API. */
    update(pod: V1Pod): void {
        this.pod = pod;
    }

    takeAddress(): string {
        const address = this.state.address ?? this.host.addresses.take();
        this.change({ address });
        return address;
    }

    containerChanged(name: string, state: ContainerState): void {
        const which = this.state.init.has(name) ? "init" : "containers";
        this.change({ [which]: new Map(this.state[which]).set(name, state) });
    }

    /** All containers that no process runs for yet wait for the same reason. */
    allWait(reason: string, message: string): void {
        for (const [name, { state }] of [...this.state.init, ...this.state.containers])
            if (state === "waiting") this.containerChanged(name, waiting(reason, this.restarts.get(name), message));
    }

    /** Makes a warning event of the pod. */
    warn(reason: string, message: string): Promise<void> {
        return this.host.api.event(this.pod, "Warning", reason, message);
    }

    /** Root and log of a container, for its process and for the node server. */
    filesOf(container: string): { root: string; logFile: string } {
        const { namespace, name } = this.pod.metadata ?? {};
        return {
            root: join(this.dir, container, "root"),
            logFile: join(this.host.place.logs, `pod-${namespace}-${name}-${container}.log`),
        };
    }

    /** Takes the pod off the lab's status when the last report is made; its directory goes with its files. */
    async end(): Promise<void> {
        await this.reports;
        if (this.state.address) this.host.addresses.giveBack(this.state.address);
        this.host.board.removePod(this.name);
    }

    /** Notes a change and reports it; a report carries the newest state, so that one may stand for several changes. */
    private change(change: Partial<PodState>): void {
        this.state = { ...this.state, ...change };
        if (this.ended.aborted) return;
        this.tellNodeServer();
        this.tellBoard();
        if (this.reporting) return;
        this.reporting = true;
        this.reports = this.reports.then(() => this.tellApiServer());
    }

    private tellNodeServer(): void {
        const { namespace = "", name = "" } = this.pod.metadata ?? {};
        const all = [...this.state.init, ...this.state.containers];
        const containers = all.map(([each, { pid }]) => [each, { pid, ...this.filesOf(each) }] as const);
        writePodFile(this.dir, {
            namespace,
            name,
            uid: this.uid,
            networkNamespace: netnsFile(podNetns(this.host.place.netns, this.uid)),
            containers: Object.fromEntries(containers),
        });
    }

    private tellBoard(): void {
        const containers = [...this.state.containers.values()];
        const worst = [...this.state.init.values(), ...containers].find(
            ({ state, message }) => state === "waiting" && message !== undefined,
        );
        const running = containers.some(({ state }) => state === "running");
        this.host.board.pod({
            name: this.name,
            state: this.ready ? "ready" : running ? "starting" : "waiting",
            pid: containers[0]?.pid,
            restarts: containers.reduce((sum, { restarts }) => sum + restarts, 0),
            log: this.filesOf(this.pod.spec?.containers[0]?.name ?? "").logFile,
            detail: worst && `${worst.reason}: ${worst.message}`,
        });
    }

    private async tellApiServer(): Promise<void> {
        while (!this.ended.aborted) {
            try {
                this.reporting = false;
                return await this.host.api.reportStatus(this.pod, podStatus(this.pod, this.state, now()));
            } catch (error) {
                this.reporting = true;
                console.error(`status of pod ${this.name}: ${reasonOf(error)}`);
                await sleep(RETRY_MS, undefined, { signal: this.ended }).catch(() => undefined);
            }
        }
    }
}
