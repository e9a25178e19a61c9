import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, fchownSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { endProcess, recordOf, removeRecord, saveRecord } from "./processes";

/** A program that is kept running. */
export interface KeptProgram {
    /** Unique among the lab's processes; names its record. */
    readonly name: string;
    readonly command: readonly [string, ...string[]];
    /** The whole environment: nothing is inherited. */
    readonly env: Readonly<Record<string, string>>;
    /** Standard output and error are appended to it. */
    readonly logFile: string;
    /** Owner of that file: a program that opens its standard output by name needs to be. */
    readonly logOwner?: { readonly uid: number; readonly gid: number };
    /** Directory of process records. */
    readonly runDir: string;
    /** Milliseconds between SIGTERM and SIGKILL. */
    readonly graceMs: number;
    /** Milliseconds until the first restart; doubled at each further one up to the maximum. */
    readonly backoff: { readonly firstMs: number; readonly maxMs: number };
    /** Whether exit code 0 is the end of its work; otherwise it is started again whatever its code. */
    readonly completes?: boolean;
}

/**
 * What happens to a kept program. `exited` tells how, and in how many milliseconds it is started again; `completed` is
 * the last one.
 */
export type KeeperEvent =
    { type: "started"; pid: number } | { type: "completed" } | ({ type: "exited"; restartInMs: number } & Ending);

/** How a program ended: by its exit code, by a signal, or it could not be started at all. */
export interface Ending {
    readonly code: number | null;
    readonly signal: string | null;
    readonly failure?: string;
}

/** The ending in words, as the end of a sentence. */
export function describeEnding({ code, signal, failure }: Ending): string {
    if (failure !== undefined) return `could not be started (${failure})`;
    return signal === null ? `ended with exit code ${code}` : `ended by ${signal}`;
}

/** A program that ran this long is taken to have been healthy: its next restart waits briefly again. */
const HEALTHY_MS = 10 * 60_000;

/** Starts a program, records its pid, restarts it with growing delays when it ends, until it is stopped. */
export class Keeper {
    /** How often the program was started again. */
    restarts = 0;
    private child?: ChildProcess;
    private timer?: NodeJS.Timeout;
    private delayMs: number;
    private stopping = false;

    constructor(
        private readonly program: KeptProgram,
        private readonly onEvent: (event: KeeperEvent) => void = () => undefined,
    ) {
        this.delayMs = program.backoff.firstMs;
    }

    get pid(): number | undefined {
        return this.child?.pid;
    }

    start(): void {
        const { program } = this;
        mkdirSync(dirname(program.logFile), { recursive: true });
        const log = openSync(program.logFile, "a");
        if (program.logOwner) fchownSync(log, program.logOwner.uid, program.logOwner.gid);
        const startedAt = Date.now();
        const [file, ...args] = program.command;
        const child = spawn(file, args, { env: program.env, stdio: ["ignore", log, log] });
        let ended = false;
        const end = (ending: Ending) => {
            if (ended) return;
            ended = true;
            this.onEnd(Date.now() - startedAt, ending);
        };
        child.once("error", (error) => end({ code: null, signal: null, failure: error.message }));
        child.once("exit", (code, signal) => end({ code, signal }));
        closeSync(log);
        this.child = child;
        if (child.pid === undefined) return;
        const record = recordOf(program.name, child.pid);
        if (record) saveRecord(program.runDir, record);
        this.onEvent({ type: "started", pid: child.pid });
    }

    /** Ends the program for good; resolves when it is gone. */
    async stop(graceMs = this.program.graceMs): Promise<void> {
        this.stopping = true;
        clearTimeout(this.timer);
        const pid = this.child?.pid;
        const record = pid === undefined ? undefined : recordOf(this.program.name, pid);
        if (record) await endProcess(record, graceMs);
        removeRecord(this.program.runDir, this.program.name);
    }

    /** Ends the program once; it is started again like one that ended by itself. */
    async endOnce(): Promise<void> {
        const pid = this.child?.pid;
        const record = pid === undefined ? undefined : recordOf(this.program.name, pid);
        if (record) await endProcess(record, this.program.graceMs);
    }

    private onEnd(ranMs: number, ending: Ending): void {
        this.child = undefined;
        if (this.stopping) return;
        removeRecord(this.program.runDir, this.program.name);
        if (this.program.completes && ending.code === 0) return this.onEvent({ type: "completed" });
        const { firstMs, maxMs } = this.program.backoff;
        if (ranMs > HEALTHY_MS) this.delayMs = firstMs;
        const restartInMs = this.delayMs;
        this.delayMs = Math.min(maxMs, this.delayMs * 2);
        this.onEvent({ type: "exited", restartInMs, ...ending });
        this.timer = setTimeout(() => {
            this.restarts += 1;
            this.start();
        }, restartInMs);
    }
}
