import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { V1Container, V1Pod } from "@kubernetes/client-node";
import { reasonOf } from "@istio-on-pulumi/kube";
import { PART_VARIABLE } from "../control-plane/marks";
import { inNetns } from "../control-plane/netns";
import { ContainerRunner } from "./container-runner";
import { expand, MissingReference } from "./environment";
import { parseImage } from "./images";
import { createPodNetwork, deletePodNetwork, podNetns, setSysctls } from "./network";
import { ownerOf } from "./owner";
import type { PodHost } from "./pod-host";
import { type References, resolveMounts, resolveReferences } from "./pod-references";
import { PodReport } from "./pod-report";
import { waiting } from "./pod-status";
import { commandOf, type ContainerProgram, programFor } from "./programs";
import { inRoot, makeRoot } from "./root";
import { writeMounts } from "./volumes";

/** A container and what runs for it. */
interface Runnable {
    readonly container: V1Container;
    readonly program: ContainerProgram;
    readonly init: boolean;
}

/** Pause before something that is missing is looked for again, in milliseconds. */
const RETRY_MS = 500;
/** How often mounted files are brought up to date, in milliseconds. */
const REFRESH_MS = 30_000;
const DEFAULT_GRACE_S = 30;

/** Runs one pod as processes: its network, its init containers one by one, then the others; ends them with the pod. */
export class PodRunner {
    private readonly uid: string;
    private readonly netns: string;
    private readonly ended = new AbortController();
    private readonly report: PodReport;
    private readonly runners: ContainerRunner[] = [];
    private running: Promise<void> = Promise.resolve();
    private stopping?: Promise<void>;

    constructor(
        private pod: V1Pod,
        private readonly host: PodHost,
    ) {
        this.uid = pod.metadata?.uid ?? "";
        this.netns = podNetns(host.place.netns, this.uid);
        this.report = new PodReport(pod, host, this.ended.signal);
    }

    start(): void {
        this.running = this.run().catch((error: unknown) => {
            if (this.ended.signal.aborted) return;
            console.error(`pod ${this.report.name}:`, error);
            this.report.allWait("CreateContainerError", reasonOf(error));
            void this.report.warn("Failed", reasonOf(error));
        });
    }

    /** Takes note of a newer state of the pod. */
    update(pod: V1Pod): void {
        this.pod = pod;
        this.report.update(pod);
    }

    /** Whether all of the pod's containers are ready. */
    get ready(): boolean {
        return this.report.ready;
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
        await deletePodNetwork(this.host.place.netns, this.uid);
        await rm(this.report.dir, { recursive: true, force: true });
        await this.report.end();
    }

    private async run(): Promise<void> {
        const runnables = await this.findPrograms();
        if (!runnables) return;
        const address = this.report.takeAddress();
        await createPodNetwork(this.host.place.netns, this.uid, address);
        await setSysctls(this.netns, this.pod.spec?.securityContext?.sysctls ?? []);
        const references = await this.waitForReferences(runnables, address);
        if (!references) return;
        for (const init of runnables.filter((runnable) => runnable.init)) {
            const runner = await this.startContainer(init, references, address);
            await Promise.race([runner?.completed, this.whenEnded]);
            if (this.ended.signal.aborted) return;
        }
        const others = runnables.filter((runnable) => !runnable.init);
        await Promise.all(others.map((runnable) => this.startContainer(runnable, references, address)));
        void this.keepFresh(others);
    }

    private get whenEnded(): Promise<void> {
        const { signal } = this.ended;
        return new Promise((resolve) =>
            signal.aborted ? resolve() : signal.addEventListener("abort", () => resolve(), { once: true }),
        );
    }

    /** The program of each container; undefined, and said why, if the lab has none for one of them. */
    private async findPrograms(): Promise<Runnable[] | undefined> {
        const { initContainers = [], containers = [] } = this.pod.spec ?? {};
        const { place, dataPlane } = this.host;
        const runnables: Runnable[] = [];
        for (const container of [...initContainers, ...containers]) {
            const { name, image = "" } = container;
            const program = programFor(this.pod, container, place, dataPlane);
            if (!program) {
                const runs = dataPlane ? "pilot, proxies, Bookinfo, and an HTTP echo beside a sidecar" : "pilot only";
                const message = `The lab has no program for image "${image}": it runs Istio's ${runs}.`;
                this.report.containerChanged(name, waiting("ErrImagePull", 0, message));
                await this.report.warn("Failed", message);
                return undefined;
            }
            await this.waitForBuild(name, program);
            if (program.istio && !parseImage(image).tag.startsWith(program.istio))
                void this.report.warn("OtherVersion", `The lab runs ${program.title} for image "${image}".`);
            runnables.push({ container, program, init: initContainers.includes(container) });
        }
        return runnables;
    }

    /** Waits, as a kubelet does for an image, for a version of Istio that the lab was not started with. */
    private async waitForBuild(container: string, { istio, files }: ContainerProgram): Promise<void> {
        const isBuilt = () => Object.values(files).every((file) => existsSync(file));
        if (istio === undefined || isBuilt()) return;
        const message = `The lab has not built Istio ${istio}: npm run lab -- start --istio ${istio}`;
        this.report.containerChanged(container, waiting("ErrImagePull", 0, message));
        await this.report.warn("Failed", message);
        while (!this.ended.signal.aborted && !isBuilt()) await this.pause(RETRY_MS);
    }

    /** Waits as a kubelet does for all that the pod requires, and says what is missing; undefined if the pod ends. */
    private async waitForReferences(runnables: readonly Runnable[], address: string): Promise<References | undefined> {
        const containers = runnables.map(({ container }) => container);
        let said = "";
        while (!this.ended.signal.aborted) {
            try {
                return await resolveReferences(this.host.api, this.pod, containers, address);
            } catch (error) {
                const message = reasonOf(error);
                if (message !== said) {
                    said = message;
                    this.report.allWait("ContainerCreating", message);
                    void this.report.warn(error instanceof MissingReference ? "FailedMount" : "FailedCreate", message);
                }
                await this.pause(RETRY_MS);
            }
        }
        return undefined;
    }

    private async startContainer(
        { container, program, init }: Runnable,
        { volumes, env: all }: References,
        address: string,
    ): Promise<ContainerRunner | undefined> {
        const { place, env: starter } = this.host;
        const { namespace = "", name: hostname = "" } = this.pod.metadata ?? {};
        const owner = ownerOf(this.pod, container, program);
        const env = { ...all.get(container.name), ...program.extraEnv };
        const { root, logFile } = this.report.filesOf(container.name);
        const mounts = await makeRoot(root, program, { hostname, namespace, address });
        await writeMounts(root, container, volumes, owner);
        if (this.ended.signal.aborted) return undefined;
        const command = commandOf(container, program).map((word) => expand(word, env));
        const name = `pod-${this.uid}-${container.name}`;
        const mark = `${place.netns}/${name}`;
        const runner = new ContainerRunner(
            {
                container,
                address,
                netns: this.netns,
                mark,
                program: {
                    name,
                    command: inNetns(this.netns, inRoot(root, mounts, owner, command)),
                    env: { ...starter, ...env, [PART_VARIABLE]: mark },
                    logFile,
                    logOwner: owner,
                    runDir: place.run,
                    graceMs: (this.pod.spec?.terminationGracePeriodSeconds ?? DEFAULT_GRACE_S) * 1000,
                    backoff: { firstMs: 500, maxMs: 60_000 },
                    completes: init,
                },
                onChange: (state) => this.report.containerChanged(container.name, state),
                onEvent: (reason, message) => void this.report.warn(reason, message),
            },
            this.report.restarts.get(container.name) ?? 0,
        );
        this.runners.push(runner);
        runner.start();
        return runner;
    }

    private async keepFresh(runnables: readonly Runnable[]): Promise<void> {
        const containers = runnables.map(({ container }) => container);
        for (;;) {
            await this.pause(REFRESH_MS);
            if (this.ended.signal.aborted) return;
            try {
                const volumes = await resolveMounts(this.host.api, this.pod, containers);
                for (const { container, program } of runnables) {
                    const owner = ownerOf(this.pod, container, program);
                    await writeMounts(this.report.filesOf(container.name).root, container, volumes, owner);
                }
            } catch (error) {
                // The files stay as they are; a kubelet does the same.
                console.error(`pod ${this.report.name}: mounts not refreshed: ${reasonOf(error)}`);
            }
        }
    }

    private async pause(ms: number): Promise<void> {
        await sleep(ms, undefined, { signal: this.ended.signal }).catch(() => undefined);
    }
}
