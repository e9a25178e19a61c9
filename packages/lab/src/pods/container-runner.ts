import { setTimeout as sleep } from "node:timers/promises";
import type { V1Container, V1Probe } from "@kubernetes/client-node";
import { describeEnding, Keeper, type KeeperEvent, type KeptProgram } from "../control-plane/keeper";
import { endMarked } from "../control-plane/marks";
import { type ContainerState, waiting } from "./pod-status";
import { askProbe } from "./probe";

/** What a container's runner needs to know of its pod. */
export interface ContainerSetup {
    readonly container: V1Container;
    /** Address that the probes ask. */
    readonly address: string;
    /** The process, complete. */
    readonly program: KeptProgram;
    /** The pod's network namespace, and the mark in the environment of all of the container's processes. */
    readonly netns: string;
    readonly mark: string;
    /** Told at each change of its state. */
    readonly onChange: (state: ContainerState) => void;
    /** Told what a kubelet would make an event of. */
    readonly onEvent: (reason: string, message: string) => void;
}

/** Until it is ready for the first time a container is asked more often than its probe says: nobody waits in vain. */
const FIRST_PROBE_MS = 200;
const DEFAULT_PERIOD_S = 10;
const DEFAULT_FAILURES = 3;

const periodOf = (probe: V1Probe) => (probe.periodSeconds ?? DEFAULT_PERIOD_S) * 1000;

/** Runs one container as a process: starts it, asks its probes, restarts it, ends it and all that it started. */
export class ContainerRunner {
    private readonly keeper: Keeper;
    private readonly ended = new AbortController();
    private state: ContainerState;
    private complete!: () => void;
    /** Resolves when an init container has done its work. */
    readonly completed = new Promise<void>((resolve) => (this.complete = resolve));

    /** @param restarts how often it was restarted before, by an earlier run of the lab. */
    constructor(
        private readonly setup: ContainerSetup,
        restarts: number,
    ) {
        this.state = waiting("ContainerCreating", restarts);
        this.keeper = new Keeper(setup.program, (event) => this.onEvent(event));
    }

    start(): void {
        this.keeper.start();
    }

    /** Ends it, with SIGKILL after the grace period, and whatever its process has left behind. */
    async stop(graceMs: number): Promise<void> {
        this.ended.abort();
        await this.keeper.stop(graceMs);
        await endMarked(this.setup.netns, this.setup.mark);
    }

    private onEvent(event: KeeperEvent): void {
        const { restarts } = this.state;
        switch (event.type) {
            case "started": {
                const again = this.keeper.restarts > 0;
                const { startupProbe, readinessProbe } = this.setup.container;
                const { completes } = this.setup.program;
                const started = !startupProbe;
                this.change({
                    state: "running",
                    pid: event.pid,
                    startedAt: now(),
                    started: started && !completes,
                    ready: started && !readinessProbe && !completes,
                    restarts: restarts + (again ? 1 : 0),
                    reason: undefined,
                    message: undefined,
                });
                if (!completes) void this.observe(event.pid);
                return;
            }
            case "completed":
                this.change({ state: "terminated", ready: true, started: false, finishedAt: now() });
                this.complete();
                return;
            case "exited": {
                const { logFile } = this.setup.program;
                const again = `starts again in ${event.restartInMs / 1000} s`;
                const message = `${describeEnding(event)}, ${again}; see ${logFile}`;
                this.change({
                    state: "waiting",
                    ready: false,
                    started: false,
                    reason: "CrashLoopBackOff",
                    message,
                    pid: undefined,
                    lastExit: { code: event.code ?? 128, at: now() },
                });
                this.setup.onEvent("BackOff", `Process of container ${this.setup.container.name} ${message}`);
                // An agent that was killed leaves its Envoy, which holds the ports of the next one.
                void endMarked(this.setup.netns, this.setup.mark);
            }
        }
    }

    /** Asks the probes for as long as this process runs. */
    private async observe(pid: number): Promise<void> {
        const { startupProbe, readinessProbe, livenessProbe } = this.setup.container;
        const same = () => this.keeper.pid === pid && !this.ended.signal.aborted;
        if (startupProbe && !(await this.untilStarted(startupProbe, same))) return;
        if (!same()) return;
        this.change({ started: true, ready: !readinessProbe });
        await Promise.all([
            readinessProbe && this.keepReady(readinessProbe, same),
            livenessProbe && this.keepAlive(livenessProbe, same),
        ]);
    }

    private async untilStarted(probe: V1Probe, same: () => boolean): Promise<boolean> {
        const deadline =
            Date.now() +
            periodOf(probe) * (probe.failureThreshold ?? DEFAULT_FAILURES) +
            (probe.initialDelaySeconds ?? 0) * 1000;
        while (same()) {
            if (await this.ask(probe)) return true;
            if (Date.now() > deadline) {
                await this.endUnhealthy("Startup probe failed");
                return false;
            }
            await this.pause(FIRST_PROBE_MS);
        }
        return false;
    }

    private async keepReady(probe: V1Probe, same: () => boolean): Promise<void> {
        let failures = 0;
        while (same()) {
            const answered = await this.ask(probe);
            failures = answered ? 0 : failures + 1;
            const ready = answered || (this.state.ready && failures < (probe.failureThreshold ?? DEFAULT_FAILURES));
            if (same() && this.state.ready !== ready) this.change({ ready });
            await this.pause(ready ? periodOf(probe) : FIRST_PROBE_MS);
        }
    }

    private async keepAlive(probe: V1Probe, same: () => boolean): Promise<void> {
        let failures = 0;
        await this.pause((probe.initialDelaySeconds ?? 0) * 1000);
        while (same()) {
            failures = (await this.ask(probe)) ? 0 : failures + 1;
            if (same() && failures >= (probe.failureThreshold ?? DEFAULT_FAILURES))
                return this.endUnhealthy("Liveness probe failed");
            await this.pause(periodOf(probe));
        }
    }

    private async endUnhealthy(why: string): Promise<void> {
        this.setup.onEvent("Unhealthy", `${why}: container ${this.setup.container.name} is restarted`);
        await this.keeper.endOnce();
    }

    private ask(probe: V1Probe): Promise<boolean> {
        return askProbe(this.setup.container, probe, this.setup.address);
    }

    private change(change: Partial<ContainerState>): void {
        this.state = { ...this.state, ...change };
        this.setup.onChange(this.state);
    }

    private async pause(ms: number): Promise<void> {
        await sleep(ms, undefined, { signal: this.ended.signal }).catch(() => undefined);
    }
}

export const now = () => new Date().toISOString().replace(/\.\d+Z$/, "Z");
