import { readFileSync, renameSync, writeFileSync } from "node:fs";

/** Name of the process record of who keeps the lab running. */
export const SUPERVISOR = "supervisor";

/** What the supervisor says about one part of the lab. */
export interface PartStatus {
    readonly name: string;
    /** `waiting` for another part, `starting`, `ready`, or `down` until it is started again. */
    readonly state: "waiting" | "starting" | "ready" | "down";
    readonly pid?: number;
    readonly restarts: number;
    readonly log?: string;
    /** One line: what it does, or why it is down. */
    readonly detail?: string;
}

/** The lab as its supervisor sees it. */
export interface LabStatus {
    /** Whether every part is ready. Pods are no parts: they come and go with the cluster's objects. */
    readonly ready: boolean;
    readonly parts: readonly PartStatus[];
    readonly pods: readonly PartStatus[];
}

/** The status as a file, rewritten whole at each change, so that it can be read from outside the lab's namespace. */
export class StatusBoard {
    private readonly parts = new Map<string, PartStatus>();
    private readonly pods = new Map<string, PartStatus>();

    constructor(
        private readonly file: string,
        names: readonly string[],
    ) {
        for (const name of names) this.parts.set(name, { name, state: "waiting", restarts: 0 });
        this.write();
    }

    part(status: PartStatus): void {
        this.parts.set(status.name, status);
        this.write();
    }

    pod(status: PartStatus): void {
        this.pods.set(status.name, status);
        this.write();
    }

    removePod(name: string): void {
        if (this.pods.delete(name)) this.write();
    }

    private write(): void {
        const parts = [...this.parts.values()];
        const status: LabStatus = {
            ready: parts.every((part) => part.state === "ready"),
            parts,
            pods: [...this.pods.values()],
        };
        writeFileSync(`${this.file}.new`, `${JSON.stringify(status, null, 2)}\n`);
        renameSync(`${this.file}.new`, this.file);
    }
}

/** The status that was written last, or undefined if there is none. */
export function readStatus(file: string): LabStatus | undefined {
    try {
        return JSON.parse(readFileSync(file, "utf8")) as LabStatus;
    } catch {
        return undefined;
    }
}
