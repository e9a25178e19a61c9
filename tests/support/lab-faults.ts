import { setTimeout as sleep } from "node:timers/promises";
import { CommandFailed, type Lab } from "./lab";
import { endOf, type Interruption } from "./lab-interruptions";
import { openRelay } from "./lab-relay";
import type { Stack } from "./lab-stack";
import { Upheld } from "./lab-upheld";

/** Something that changes the stack, and what the stack must be like before. */
interface Operation {
    readonly name: string;
    readonly command: "up" | "destroy";
    readonly before: "up" | "down";
    readonly settings: Readonly<Record<string, string>>;
}

const BASE = { "bookinfo.tag": "1.20.2", "addons.kiali.serviceType": "NodePort", "istio.version": "1.25.1" };

export const FIRST_UP: Operation = { name: "first up", command: "up", before: "down", settings: BASE };
export const CHANGE: Operation = {
    name: "change",
    command: "up",
    before: "up",
    settings: { ...BASE, "bookinfo.tag": "1.20.3", "addons.kiali.serviceType": "ClusterIP" },
};
/** Needs a lab that has learnt Istio 1.25.3. */
export const UPGRADE: Operation = {
    name: "upgrade",
    command: "up",
    before: "up",
    settings: { ...BASE, "istio.version": "1.25.3" },
};
export const DESTROY: Operation = { name: "destroy", command: "destroy", before: "up", settings: BASE };

/** What is done, after which part of its usual time it is interrupted, and how. */
export interface Fault {
    readonly operation: Operation;
    readonly part: number;
    readonly interruption: Interruption;
}

/** How a fault ended. */
export interface FaultResult {
    /** Whether the operation was still under way. */
    readonly interrupted: boolean;
    /** `pulumi` commands that were needed. */
    readonly mending: readonly string[];
    /** What is not as after an operation that nobody interrupted. */
    readonly wrong: readonly string[];
}

/** Forgets the creations that were interrupted, of which the engine warns in each update until then. */
export const FORGET = "--clear-pending-creates";

/** Interrupts operations on a stack, and sees what the operation alone mends afterwards. */
export class Faults {
    private readonly upheld: Upheld;
    /** Milliseconds that each operation takes when nothing happens to it. */
    private readonly usual = new Map<Operation, number>();

    constructor(
        private readonly lab: Lab,
        private readonly stack: Stack,
    ) {
        this.upheld = new Upheld(lab, stack);
    }

    /** Does each operation undisturbed, a first up and a destroy too, to know its time and what it leaves. */
    async learn(further: readonly Operation[]): Promise<void> {
        for (const operation of [FIRST_UP, ...further, DESTROY]) {
            await this.prepare(operation);
            await this.stack.set(operation.settings);
            const start = Date.now();
            await this.stack.pulumi(commandOf(operation));
            this.usual.set(operation, Date.now() - start);
            if (operation === FIRST_UP) await this.upheld.learn("up");
        }
        await this.upheld.learn("down");
    }

    async run({ operation, part, interruption }: Fault): Promise<FaultResult> {
        const { lab, stack } = this;
        await this.prepare(operation);
        await stack.set(operation.settings);
        const relay = await openRelay(lab);
        const command = ["pulumi", ...commandOf(operation), "--stack", stack.name, "--non-interactive"];
        const engine = await lab.spawn(command, { KUBECONFIG: relay.kubeconfig });
        engine.stdout?.resume();
        engine.stderr?.resume();
        const ended = endOf(engine);
        await Promise.race([ended, sleep(part * this.usual.get(operation)!)]);
        const interrupted = engine.exitCode === null && engine.signalCode === null;
        if (interrupted) await interruption.happen({ lab, engine, relay });
        await ended;
        await relay.close();
        const mending: string[] = [];
        const wrong = await this.mend(operation, mending).then(
            () => this.upheld.wrong(operation.command === "up" ? "up" : "down"),
            (error: unknown) => {
                if (!(error instanceof CommandFailed)) throw error;
                return [error.message];
            },
        );
        return { interrupted, mending, wrong };
    }

    /** Brings the stack to where an operation begins. */
    private async prepare({ before }: Operation): Promise<void> {
        await this.stack.set(BASE);
        await (before === "up" ? this.stack.up("--skip-preview") : this.stack.destroy());
    }

    /** The operation once more, after `pulumi cancel` where the state is locked, or what makes a damaged state anew. */
    private async mend(operation: Operation, mending: string[]): Promise<void> {
        const command = commandOf(operation);
        const { code, stdout, stderr } = await this.stack.attempt(command);
        if (code !== 0) {
            const said = `${stdout}${stderr}`;
            if (said.includes("the stack is currently locked")) {
                mending.push("cancel");
                await this.stack.pulumi(["cancel", "--yes"]);
            } else if (said.includes("failed to load checkpoint")) {
                mending.push("recover");
                await this.lab.output(["npm", "run", "--silent", "recover", "--", "--stack", this.stack.name]);
                // What is destroyed is what the state has.
                if (operation.command === "destroy") await this.stack.up("--skip-preview");
            } else {
                throw new CommandFailed(["pulumi", ...command], { code, stdout, stderr });
            }
            await this.stack.pulumi(command);
        }
        mending.push(operation.command);
        if ((await this.stack.pending()) === 0) return;
        mending.push(`refresh ${FORGET}`);
        await this.stack.refresh(FORGET);
    }
}

const commandOf = ({ command }: Operation) => [command, "--yes", "--skip-preview", "--suppress-outputs"];
