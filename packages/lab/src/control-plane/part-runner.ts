import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { LabPlace } from "../place";
import { describeEnding, Keeper, type KeeperEvent } from "./keeper";
import type { Part } from "./parts";
import { httpReady, until } from "./probes";
import type { PartStatus, StatusBoard } from "./status";

/** How often a part that is starting is asked, and one that was ready. */
const STARTING_MS = 50;
const READY_MS = 5000;

/** Keeps one part of the control plane running and says on the board how it is. */
export class PartRunner {
    private readonly keeper: Keeper;
    private readonly logFile: string;
    private readonly stopped = new AbortController();

    constructor(
        private readonly part: Part,
        place: LabPlace,
        env: Readonly<Record<string, string>>,
        private readonly board: StatusBoard,
    ) {
        this.logFile = join(place.logs, `${part.name}.log`);
        const program = {
            name: part.name,
            command: [join(place.bin, part.program), ...part.args] as const,
            env: { ...env, ...part.env },
            logFile: this.logFile,
            runDir: place.run,
            graceMs: part.graceMs,
            backoff: { firstMs: 500, maxMs: 30_000 },
        };
        this.keeper = new Keeper(program, (event) => this.onEvent(event));
    }

    /** Starts the part; resolves when it is ready, false if it is stopped before. */
    async start(): Promise<boolean> {
        this.keeper.start();
        const ready = await until(() => this.check(), {
            timeoutMs: Number.POSITIVE_INFINITY,
            everyMs: STARTING_MS,
            signal: this.stopped.signal,
        });
        if (ready) void this.keepChecking();
        return ready;
    }

    async stop(): Promise<void> {
        this.stopped.abort();
        await this.keeper.stop();
    }

    /** Asks the part and says on the board if its state is another than before. */
    private async check(): Promise<boolean> {
        const pid = this.keeper.pid;
        if (pid === undefined) return false;
        const ready = await httpReady(this.part.ready);
        if (this.keeper.pid === pid && !this.stopped.signal.aborted) this.show({ state: ready ? "ready" : "starting" });
        return ready;
    }

    private async keepChecking(): Promise<void> {
        const { signal } = this.stopped;
        let ready = true;
        while (!signal.aborted) {
            await sleep(ready ? READY_MS : STARTING_MS * 5, undefined, { signal }).catch(() => undefined);
            if (!signal.aborted) ready = await this.check();
        }
    }

    private onEvent(event: KeeperEvent): void {
        if (event.type !== "exited") return this.show({ state: "starting" });
        this.show({ state: "down", detail: `${describeEnding(event)}, starts again in ${event.restartInMs / 1000} s` });
    }

    private last = "";

    private show(change: Pick<PartStatus, "state" | "detail">): void {
        const status: PartStatus = {
            name: this.part.name,
            pid: this.keeper.pid,
            restarts: this.keeper.restarts,
            log: this.logFile,
            ...change,
        };
        const text = JSON.stringify(status);
        if (text === this.last) return;
        this.last = text;
        this.board.part(status);
    }
}
