import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { V1Container, V1Pod } from "@kubernetes/client-node";
import { describeEnding, Keeper, type KeeperEvent } from "../cluster/keeper";
import { inNetns } from "../cluster/netns";
import type { StatusBoard } from "../cluster/status";
import { reasonOf } from "../failure";
import type { LabPlace } from "../place";
import { containerEnvironment, expand, MissingReference } from "./environment";
import { BUILT_ISTIO_VERSION, parseImage, programFor, type ImageProgram } from "./images";
import type { KubeletApi } from "./kubelet-api";
import { createPodNetwork, deletePodNetwork, podNetns, type PodAddresses } from "./network";
import { podStatus, type ProcessState } from "./pod-status";
import { askProbe } from "./probe";
import { baseEnvironment, makeRoot } from "./root";
import { resolveVolumes, writeMounts, type Volumes } from "./volumes";

/** What all pods of the lab share. */
export interface PodHost {
    readonly place: LabPlace;
    readonly api: KubeletApi;
    readonly addresses: PodAddresses;
    readonly board: StatusBoard;
    /** Environment of the processes' starters; the process itself gets the pod's. */
    readonly env: Readonly<Record<string, string>>;
}

/** Pause before something that is missing is looked for again, in milliseconds. */
const RETRY_MS = 500;
/** Until it is ready for the first time a pod is asked more often than its probe says, so that nobody waits in vain. */
const FIRST_PROBE_MS = 200;
/** How often mounted files are brought up to date, in milliseconds. */
const REFRESH_MS = 30_000;

/** Runs one pod as a real process: waits for what it mounts, starts it, asks its probe, restarts it, ends it with the pod. */
export class PodRunner {
    readonly name: string;
    readonly logFile: string;
    private readonly uid: string;
    private readonly ended = new AbortController();
    private readonly container: V1Container;
    private readonly root: string;
    private keeper?: Keeper;
    private process: ProcessState;
    private running: Promise<void> = Promise.resolve();
    private reports: Promise<void> = Promise.resolve();
    private stopping?: Promise<void>;

    constructor(private pod: V1Pod, private readonly host: PodHost) {
        const { namespace, name, uid = "" } = pod.metadata ?? {};
        this.name = `${namespace}/${name}`;
        this.uid = uid;
        this.root = join(host.place.state, "pods", uid, "root");
        this.logFile = join(host.place.logs, `pod-${namespace}-${name}.log`);
        // Injected and helper containers do not run here: the first one is the pod's own.
        this.container = pod.spec?.containers[0] ?? { name: "" };
        const before = pod.status?.containerStatuses?.[0];
        // A pod that ran before the lab was stopped starts once more, as after a restart of its node.
        const restarts = before?.containerID ? before.restartCount + 1 : 0;
        const kept = pod.status?.podIP;
        this.process = { state: "waiting", ready: false, restarts, address: kept && host.addresses.keep(kept) ? kept : undefined };
    }

    start(): void {
        this.running = this.run().catch((error: unknown) => {
            if (!this.ended.signal.aborted) console.error(`pod ${this.name}:`, error);
        });
    }

    /** Takes note of a newer state of the pod. */
    update(pod: V1Pod): void {
        this.pod = pod;
    }

    /** Whether the pod's process is ready. */
    get ready(): boolean {
        return this.process.ready;
    }

    /**
     * Ends the process and removes its network and files.
     * @param graceS seconds between SIGTERM and SIGKILL.
     */
    stop(graceS: number): Promise<void> {
        this.stopping ??= this.end(graceS);
        return this.stopping;
    }

    private async end(graceS: number): Promise<void> {
        this.ended.abort();
        await this.running;
        await this.keeper?.stop(graceS * 1000);
        await this.reports;
        await deletePodNetwork(this.host.place.netns, this.uid);
        await rm(join(this.root, ".."), { recursive: true, force: true });
        if (this.process.address) this.host.addresses.giveBack(this.process.address);
        this.host.board.removePod(this.name);
    }

    private async run(): Promise<void> {
        const program = await this.findProgram();
        if (!program) return;
        const owner = ownerOf(this.pod, this.container, program);
        const address = this.process.address ?? this.host.addresses.take();
        this.change({ address });
        await createPodNetwork(this.host.place.netns, this.uid, address);
        const { volumes, env } = await this.waitForReferences(address);
        if (this.ended.signal.aborted) return;
        await makeRoot(this.root, join(this.host.place.bin, program.program), { program: program.program, hostname: this.pod.metadata?.name ?? "", address });
        await writeMounts(this.root, this.container, volumes, owner);
        if (this.ended.signal.aborted) return;
        this.startProcess(program, owner, env);
        void this.keepProbing(address);
        void this.keepFresh(owner);
    }

    private async findProgram(): Promise<ImageProgram | undefined> {
        const image = this.container.image ?? "";
        const program = programFor(image);
        if (!program) {
            const message = `The lab has no program for image "${image}": it runs Istio's pilot only.`;
            this.change({ reason: "ErrImagePull", message });
            await this.host.api.event(this.pod, "Warning", "Failed", message);
            return undefined;
        }
        const { tag } = parseImage(image);
        if (!tag.startsWith(BUILT_ISTIO_VERSION)) {
            await this.host.api.event(this.pod, "Warning", "OtherVersion", `The lab runs ${program.program} ${BUILT_ISTIO_VERSION} for image "${image}".`);
        }
        return program;
    }

    /** Waits as a kubelet does until everything exists that the pod requires, and says once what is missing. */
    private async waitForReferences(address: string): Promise<{ volumes: Volumes; env: Record<string, string> }> {
        const { api } = this.host;
        let said = "";
        while (!this.ended.signal.aborted) {
            try {
                const pod = { ...this.pod, status: { ...this.pod.status, podIP: address, podIPs: [{ ip: address }], hostIP: this.hostIp } };
                const volumes = await this.resolve();
                return { volumes, env: await containerEnvironment(pod, this.container, api.lookup(pod), baseEnvironment(this.pod)) };
            } catch (error) {
                const message = reasonOf(error);
                if (message !== said) {
                    said = message;
                    this.change({ reason: "ContainerCreating", message });
                    void api.event(this.pod, "Warning", error instanceof MissingReference ? "FailedMount" : "FailedCreate", message);
                }
                await this.pause(RETRY_MS);
            }
        }
        return { volumes: new Map(), env: {} };
    }

    private get hostIp(): string | undefined {
        return podStatus(this.pod, this.process, "").hostIP;
    }

    private resolve(): Promise<Volumes> {
        const { api } = this.host;
        return resolveVolumes(this.pod, [this.container], { lookup: api.lookup(this.pod), token: (projection) => api.token(this.pod, projection) });
    }

    private startProcess(program: ImageProgram, owner: { uid: number; gid: number }, env: Record<string, string>): void {
        const { command, args = [] } = this.container;
        const inside = [...(command ?? [`/usr/local/bin/${program.program}`]), ...args].map((word) => expand(word, env));
        const { place } = this.host;
        this.keeper = new Keeper({
            name: `pod-${this.uid}`,
            command: inNetns(podNetns(place.netns, this.uid), ["chroot", `--userspec=${owner.uid}:${owner.gid}`, this.root, ...inside]),
            env: { ...this.host.env, ...env },
            logFile: this.logFile,
            runDir: place.run,
            graceMs: (this.pod.spec?.terminationGracePeriodSeconds ?? 30) * 1000,
            backoff: { firstMs: 500, maxMs: 60_000 },
        }, (event) => this.onEvent(event));
        this.keeper.start();
    }

    private onEvent(event: KeeperEvent): void {
        const before = this.process.restarts;
        if (event.type === "started") {
            const again = (this.keeper?.restarts ?? 0) > 0;
            this.change({ state: "running", ready: false, restarts: before + (again ? 1 : 0), startedAt: now(), pid: event.pid, reason: undefined, message: undefined });
            return;
        }
        const code = event.code ?? 128;
        const message = `${describeEnding(event)}, starts again in ${event.restartInMs / 1000} s; see ${this.logFile}`;
        this.change({ state: "waiting", ready: false, reason: "CrashLoopBackOff", message, pid: undefined, lastExit: { code, at: now() } });
        void this.host.api.event(this.pod, "Warning", "BackOff", `Process of container ${this.container.name} ${message}`);
    }

    private async keepProbing(address: string): Promise<void> {
        const probe = this.container.readinessProbe;
        const periodMs = (probe?.periodSeconds ?? 10) * 1000;
        let failures = 0;
        while (!this.ended.signal.aborted) {
            const { state, pid } = this.process;
            const answered = state === "running" && (!probe || (await askProbe(this.container, probe, address)));
            failures = answered ? 0 : failures + 1;
            const ready = answered || (this.process.ready && failures < (probe?.failureThreshold ?? 3));
            if (this.process.pid === pid && this.process.ready !== ready && !this.ended.signal.aborted) this.change({ ready });
            await this.pause(this.process.ready ? periodMs : FIRST_PROBE_MS);
        }
    }

    private async keepFresh(owner: { uid: number; gid: number }): Promise<void> {
        while (!this.ended.signal.aborted) {
            await this.pause(REFRESH_MS);
            if (this.ended.signal.aborted) return;
            try {
                await writeMounts(this.root, this.container, await this.resolve(), owner);
            } catch (error) {
                // The files stay as they are; a kubelet does the same.
                console.error(`pod ${this.name}: mounts not refreshed: ${reasonOf(error)}`);
            }
        }
    }

    /** Notes a change and reports it; reports go out in order, each with the newest state. */
    private change(change: Partial<ProcessState>): void {
        this.process = { ...this.process, ...change };
        const { state, ready, pid, restarts, reason, message } = this.process;
        const detail = [reason, message].filter(Boolean).join(": ") || undefined;
        this.host.board.pod({ name: this.name, state: ready ? "ready" : state === "running" ? "starting" : "waiting", pid, restarts, log: this.logFile, detail });
        this.reports = this.reports.then(() => this.report());
    }

    private async report(): Promise<void> {
        while (!this.ended.signal.aborted) {
            try {
                return await this.host.api.reportStatus(this.pod, podStatus(this.pod, this.process, now()));
            } catch (error) {
                console.error(`status of pod ${this.name}: ${reasonOf(error)}`);
                await this.pause(RETRY_MS);
            }
        }
    }

    private async pause(ms: number): Promise<void> {
        await sleep(ms, undefined, { signal: this.ended.signal }).catch(() => undefined);
    }
}

const now = () => new Date().toISOString().replace(/\.\d+Z$/, "Z");

/** The user that the process runs as: the container's, the pod's, else the image's. */
function ownerOf(pod: V1Pod, container: V1Container, program: ImageProgram): { uid: number; gid: number } {
    return {
        uid: container.securityContext?.runAsUser ?? pod.spec?.securityContext?.runAsUser ?? program.uid,
        gid: container.securityContext?.runAsGroup ?? pod.spec?.securityContext?.runAsGroup ?? program.gid,
    };
}
