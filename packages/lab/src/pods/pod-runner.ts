import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { V1Container, V1Pod } from "@kubernetes/client-node";
import { ISTIO_VERSION, reasonOf } from "@istio-on-pulumi/kube";
import { NODE_IP } from "../control-plane/addresses";
import { PART_VARIABLE } from "../control-plane/marks";
import { inNetns } from "../control-plane/netns";
import type { StatusBoard } from "../control-plane/status";
import type { LabPlace } from "../place";
import { ContainerRunner, now } from "./container-runner";
import { containerEnvironment, expand, MissingReference } from "./environment";
import { parseImage } from "./images";
import type { KubeletApi } from "./kubelet-api";
import { createPodNetwork, deletePodNetwork, type PodAddresses, podNetns, setSysctls } from "./network";
import { type ContainerState, type PodState, podStatus, waiting } from "./pod-status";
import { commandOf, type ContainerProgram, programFor } from "./programs";
import { baseEnvironment, inRoot, makeRoot } from "./root";
import { resolveVolumes, type Volumes, writeMounts } from "./volumes";

/** What all pods of the lab share. */
export interface PodHost {
    readonly place: LabPlace;
    readonly api: KubeletApi;
    readonly addresses: PodAddresses;
    readonly board: StatusBoard;
    /** Environment of the processes' starters; the process itself gets the pod's. */
    readonly env: Readonly<Record<string, string>>;
    /** Whether sidecars, gateways and Bookinfo run, not istiod alone. */
    readonly dataPlane: boolean;
}

/** A container and what runs for it. */
interface Runnable {
    readonly container: V1Container;
    readonly program: ContainerProgram;
    readonly init: boolean;
}

/** What a pod's containers mount and have in their environments, by container name. */
interface References {
    readonly volumes: Volumes;
    readonly env: ReadonlyMap<string, Record<string, string>>;
}

/** Pause before something that is missing is looked for again, in milliseconds. */
const RETRY_MS = 500;
/** How often mounted files are brought up to date, in milliseconds. */
const REFRESH_MS = 30_000;
const DEFAULT_GRACE_S = 30;

/** Runs one pod as real processes: its network, its init containers one by one, then its containers; ends them with the pod. */
export class PodRunner {
    readonly name: string;
    private readonly uid: string;
    private readonly ended = new AbortController();
    private readonly dir: string;
    private readonly runners: ContainerRunner[] = [];
    private readonly restarts: ReadonlyMap<string, number>;
    private state: PodState;
    private running: Promise<void> = Promise.resolve();
    private reports: Promise<void> = Promise.resolve();
    private reporting = false;
    private stopping?: Promise<void>;

    constructor(
        private pod: V1Pod,
        private readonly host: PodHost,
    ) {
        const { namespace, name, uid = "" } = pod.metadata ?? {};
        this.name = `${namespace}/${name}`;
        this.uid = uid;
        this.dir = join(host.place.state, "pods", uid);
        // A pod that ran before the lab was stopped starts once more, as after a restart of its node.
        const before = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
        this.restarts = new Map(
            before.map((status) => [status.name, status.containerID ? status.restartCount + 1 : 0]),
        );
        const kept = pod.status?.podIP;
        const unstarted = (containers: readonly V1Container[] = []) =>
            new Map(
                containers.map((container) => [
                    container.name,
                    waiting("PodInitializing", this.restarts.get(container.name)),
                ]),
            );
        this.state = {
            address: kept && host.addresses.keep(kept) ? kept : undefined,
            init: unstarted(pod.spec?.initContainers),
            containers: unstarted(pod.spec?.containers),
        };
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

    /** Whether all of the pod's containers are ready. */
    get ready(): boolean {
        return [...this.state.containers.values()].every(({ ready }) => ready);
    }

    /** Log file of one of its containers, or undefined if it has none of that name. */
    logFile(container: string): string | undefined {
        const { namespace, name } = this.pod.metadata ?? {};
        return this.state.containers.has(container) || this.state.init.has(container)
            ? join(this.host.place.logs, `pod-${namespace}-${name}-${container}.log`)
            : undefined;
    }

    /**
     * Ends the processes and removes the pod's network and files.
     * @param graceS seconds between SIGTERM and SIGKILL.
     */
    stop(graceS: number): Promise<void> {
        this.stopping ??= this.end(graceS);
        return this.stopping;
    }

    private async end(graceS: number): Promise<void> {
        this.ended.abort();
        await this.running;
        await Promise.all(this.runners.map((runner) => runner.stop(graceS * 1000)));
        await this.reports;
        await deletePodNetwork(this.host.place.netns, this.uid);
        await rm(this.dir, { recursive: true, force: true });
        if (this.state.address) this.host.addresses.giveBack(this.state.address);
        this.host.board.removePod(this.name);
    }

    private async run(): Promise<void> {
        const runnables = await this.findPrograms();
        if (!runnables) return;
        const address = this.state.address ?? this.host.addresses.take();
        this.change({ address });
        await createPodNetwork(this.host.place.netns, this.uid, address);
        await setSysctls(podNetns(this.host.place.netns, this.uid), this.pod.spec?.securityContext?.sysctls ?? []);
        const references = await this.waitForReferences(runnables, address);
        if (!references) return;
        for (const init of runnables.filter((runnable) => runnable.init)) {
            const runner = await this.startContainer(init, references, address);
            await Promise.race([runner?.completed, this.whenEnded]);
            if (this.ended.signal.aborted) return;
        }
        await Promise.all(
            runnables
                .filter((runnable) => !runnable.init)
                .map((runnable) => this.startContainer(runnable, references, address)),
        );
        void this.keepFresh(runnables);
    }

    private get whenEnded(): Promise<void> {
        const { signal } = this.ended;
        return new Promise((resolve) =>
            signal.aborted ? resolve() : signal.addEventListener("abort", () => resolve(), { once: true }),
        );
    }

    private async findPrograms(): Promise<Runnable[] | undefined> {
        const { initContainers = [], containers = [] } = this.pod.spec ?? {};
        const { place, dataPlane, api } = this.host;
        const runnables: Runnable[] = [];
        for (const container of [...initContainers, ...containers]) {
            const init = initContainers.includes(container);
            const program = programFor(this.pod, container, place, dataPlane);
            if (!program) {
                const message = `The lab has no program for image "${container.image}": it runs Istio's pilot${dataPlane ? ", proxies, Bookinfo, and an HTTP echo beside a sidecar" : " only"}.`;
                this.containerChanged(init, container.name, waiting("ErrImagePull", 0, message));
                await api.event(this.pod, "Warning", "Failed", message);
                return undefined;
            }
            const { base, tag } = parseImage(container.image ?? "");
            if (["pilot", "proxyv2"].includes(base) && !tag.startsWith(ISTIO_VERSION)) {
                void api.event(
                    this.pod,
                    "Warning",
                    "OtherVersion",
                    `The lab runs ${program.title} for image "${container.image}".`,
                );
            }
            runnables.push({ container, program, init });
        }
        return runnables;
    }

    /** Waits as a kubelet does until everything exists that the pod requires, and says once what is missing; undefined if the pod ends before. */
    private async waitForReferences(runnables: readonly Runnable[], address: string): Promise<References | undefined> {
        const { api } = this.host;
        let said = "";
        while (!this.ended.signal.aborted) {
            try {
                const pod = {
                    ...this.pod,
                    status: { ...this.pod.status, podIP: address, podIPs: [{ ip: address }], hostIP: NODE_IP },
                };
                const volumes = await this.resolve(runnables);
                const env = await Promise.all(
                    runnables.map(
                        async ({ container }) =>
                            [
                                container.name,
                                await containerEnvironment(pod, container, api.lookup(pod), baseEnvironment(pod)),
                            ] as const,
                    ),
                );
                return { volumes, env: new Map(env) };
            } catch (error) {
                const message = reasonOf(error);
                if (message !== said) {
                    said = message;
                    for (const { container, init } of runnables)
                        this.containerChanged(
                            init,
                            container.name,
                            waiting("ContainerCreating", this.restarts.get(container.name), message),
                        );
                    void api.event(
                        this.pod,
                        "Warning",
                        error instanceof MissingReference ? "FailedMount" : "FailedCreate",
                        message,
                    );
                }
                await this.pause(RETRY_MS);
            }
        }
        return undefined;
    }

    private resolve(runnables: readonly Runnable[]): Promise<Volumes> {
        const { api } = this.host;
        return resolveVolumes(
            this.pod,
            runnables.map(({ container }) => container),
            { lookup: api.lookup(this.pod), token: (projection) => api.token(this.pod, projection) },
        );
    }

    private async startContainer(
        { container, program, init }: Runnable,
        { volumes, env: all }: References,
        address: string,
    ): Promise<ContainerRunner | undefined> {
        const { place, api } = this.host;
        const { namespace = "", name: hostname = "" } = this.pod.metadata ?? {};
        const owner = ownerOf(this.pod, container, program);
        const env = { ...all.get(container.name), ...program.extraEnv };
        const root = this.rootOf(container);
        const mounts = await makeRoot(root, program, { hostname, namespace, address });
        await writeMounts(root, container, volumes, owner);
        if (this.ended.signal.aborted) return undefined;
        const netns = podNetns(place.netns, this.uid);
        const name = `pod-${this.uid}-${container.name}`;
        const mark = `${place.netns}/${name}`;
        const runner = new ContainerRunner(
            {
                container,
                address,
                netns,
                mark,
                program: {
                    name,
                    command: inNetns(
                        netns,
                        inRoot(
                            root,
                            mounts,
                            owner,
                            commandOf(container, program).map((word) => expand(word, env)),
                        ),
                    ),
                    env: { ...this.host.env, ...env, [PART_VARIABLE]: mark },
                    logFile: this.logFile(container.name) ?? "",
                    logOwner: owner,
                    runDir: place.run,
                    graceMs: (this.pod.spec?.terminationGracePeriodSeconds ?? DEFAULT_GRACE_S) * 1000,
                    backoff: { firstMs: 500, maxMs: 60_000 },
                    completes: init,
                },
                onChange: (state) => this.containerChanged(init, container.name, state),
                onEvent: (reason, message) => void api.event(this.pod, "Warning", reason, message),
            },
            this.restarts.get(container.name) ?? 0,
        );
        this.runners.push(runner);
        runner.start();
        return runner;
    }

    private readonly rootOf = (container: V1Container) => join(this.dir, container.name, "root");

    private async keepFresh(runnables: readonly Runnable[]): Promise<void> {
        while (!this.ended.signal.aborted) {
            await this.pause(REFRESH_MS);
            if (this.ended.signal.aborted) return;
            try {
                const volumes = await this.resolve(runnables);
                for (const { container, program, init } of runnables) {
                    if (!init)
                        await writeMounts(
                            this.rootOf(container),
                            container,
                            volumes,
                            ownerOf(this.pod, container, program),
                        );
                }
            } catch (error) {
                // The files stay as they are; a kubelet does the same.
                console.error(`pod ${this.name}: mounts not refreshed: ${reasonOf(error)}`);
            }
        }
    }

    private containerChanged(init: boolean, name: string, state: ContainerState): void {
        const which = init ? "init" : "containers";
        this.change({ [which]: new Map(this.state[which]).set(name, state) });
    }

    /** Notes a change and reports it; a report carries the newest state, so that one may stand for several changes. */
    private change(change: Partial<PodState>): void {
        this.state = { ...this.state, ...change };
        const containers = [...this.state.containers.values()];
        const worst = [...this.state.init.values(), ...containers].find(
            ({ state, message }) => state === "waiting" && message !== undefined,
        );
        const state = this.ready
            ? "ready"
            : containers.some((container) => container.state === "running")
              ? "starting"
              : "waiting";
        const restarts = containers.reduce((sum, container) => sum + container.restarts, 0);
        const log = this.logFile(this.pod.spec?.containers[0]?.name ?? "");
        this.host.board.pod({
            name: this.name,
            state,
            pid: containers[0]?.pid,
            restarts,
            log,
            detail: worst && `${worst.reason}: ${worst.message}`,
        });
        if (this.reporting) return;
        this.reporting = true;
        this.reports = this.reports.then(() => this.report());
    }

    private async report(): Promise<void> {
        while (!this.ended.signal.aborted) {
            try {
                this.reporting = false;
                return await this.host.api.reportStatus(this.pod, podStatus(this.pod, this.state, now()));
            } catch (error) {
                this.reporting = true;
                console.error(`status of pod ${this.name}: ${reasonOf(error)}`);
                await this.pause(RETRY_MS);
            }
        }
    }

    private async pause(ms: number): Promise<void> {
        await sleep(ms, undefined, { signal: this.ended.signal }).catch(() => undefined);
    }
}

/** The user that a container's process runs as: the container's, the pod's, else the image's. */
function ownerOf(pod: V1Pod, container: V1Container, program: ContainerProgram): { uid: number; gid: number } {
    return {
        uid: container.securityContext?.runAsUser ?? pod.spec?.securityContext?.runAsUser ?? program.uid,
        gid: container.securityContext?.runAsGroup ?? pod.spec?.securityContext?.runAsGroup ?? program.gid,
    };
}
