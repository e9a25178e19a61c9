/**
 * What an operation that is interrupted leaves, and whether `pulumi up` (or `destroy`) alone mends it, on a lab of its
 * own (`soak`): `npm run soak:faults`. It prints a line for each interruption and a table of how many were mended.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import { table } from "@istio-on-pulumi/lab";
import { CommandFailed, Lab } from "../../tests/support/lab";
import { Stack } from "../../tests/support/lab-stack";
import { endOf, type Interruption, INTERRUPTIONS, KILL } from "./interruptions";
import { Upheld } from "./upheld";

/** Something that changes the stack, and what the stack must be like before. */
interface Operation {
    readonly name: string;
    readonly command: "up" | "destroy";
    readonly before: "up" | "down";
    readonly settings: Readonly<Record<string, string>>;
}

const BASE = { "bookinfo.tag": "1.20.2", "addons.kiali.serviceType": "NodePort", "istio.version": "1.25.1" };
const OPERATIONS: readonly Operation[] = [
    { name: "first up", command: "up", before: "down", settings: BASE },
    {
        name: "change",
        command: "up",
        before: "up",
        settings: { ...BASE, "bookinfo.tag": "1.20.3", "addons.kiali.serviceType": "ClusterIP" },
    },
    { name: "upgrade", command: "up", before: "up", settings: { ...BASE, "istio.version": "1.25.3" } },
    { name: "destroy", command: "destroy", before: "up", settings: BASE },
];

/** What is done, after which part of its usual time it is interrupted, and how. */
interface Fault {
    readonly operation: Operation;
    readonly part: number;
    readonly interruption: Interruption;
}

/** How a fault ended. */
interface Result {
    readonly fault: Fault;
    /** Whether the operation was still under way. */
    readonly interrupted: boolean;
    /** Commands that were needed. */
    readonly mending: readonly string[];
    readonly wrong: readonly string[];
}

/** For a command, in milliseconds: longer than the ten minutes after which the provider itself ends a wait. */
const TIMEOUT_MS = 15 * 60_000;

const lab = Lab.named("soak", TIMEOUT_MS);
const stack = new Stack(lab);
const upheld = new Upheld(lab, stack);
const FORGET = "--clear-pending-creates";
/** Milliseconds that each operation takes when nothing happens to it. */
const usual = new Map<string, number>();

/** Kills spread over all operations, and then each other interruption in the middle of each. */
function faults(kills: number, others: boolean): Fault[] {
    const rounds = Math.ceil(kills / OPERATIONS.length);
    const spread = Array.from({ length: kills }, (_, index) => ({
        operation: OPERATIONS[index % OPERATIONS.length]!,
        part: (Math.floor(index / OPERATIONS.length) + 1) / (rounds + 1),
        interruption: KILL,
    }));
    if (!others) return spread;
    const rest = INTERRUPTIONS.filter((each) => each !== KILL);
    return [
        ...spread,
        ...rest.flatMap((interruption) => OPERATIONS.map((operation) => ({ operation, part: 0.5, interruption }))),
    ];
}

const upOrDown = ({ command }: Operation) => (command === "up" ? "up" : "down");
const commandOf = ({ command }: Operation) => [command, "--yes", "--skip-preview", "--suppress-outputs"];

/** Brings the stack to where an operation begins. */
async function prepare({ before }: Operation): Promise<void> {
    await stack.set(BASE);
    await (before === "up" ? stack.up("--skip-preview") : stack.destroy());
}

async function run(fault: Fault): Promise<Result> {
    const { operation, part, interruption } = fault;
    await prepare(operation);
    await stack.set(operation.settings);
    const engine = await lab.spawn(["pulumi", ...commandOf(operation), "--stack", stack.name, "--non-interactive"]);
    engine.stdout?.resume();
    engine.stderr?.resume();
    const ended = endOf(engine);
    await Promise.race([ended, sleep(part * usual.get(operation.name)!)]);
    const interrupted = engine.exitCode === null && engine.signalCode === null;
    if (interrupted) await interruption.happen(lab, engine);
    await ended;
    const mending: string[] = [];
    const wrong = await mend(operation, mending).then(
        () => upheld.wrong(upOrDown(operation)),
        (error: unknown) => {
            if (!(error instanceof CommandFailed)) throw error;
            return [error.message];
        },
    );
    return { fault, interrupted, mending, wrong };
}

/**
 * The operation once more, after `pulumi cancel` where the state is locked; and where the state remembers creations
 * that were interrupted, of which the engine warns in each update, a refresh that forgets them.
 */
async function mend(operation: Operation, mending: string[]): Promise<void> {
    const command = commandOf(operation);
    const { code, stdout, stderr } = await stack.attempt(command);
    if (code !== 0) {
        if (!`${stdout}${stderr}`.includes("the stack is currently locked")) {
            throw new CommandFailed(["pulumi", ...command], { code, stdout, stderr });
        }
        mending.push("cancel");
        await stack.pulumi(["cancel", "--yes"]);
        await stack.pulumi(command);
    }
    mending.push(operation.command);
    if ((await stack.pending()) === 0) return;
    mending.push(FORGET);
    await stack.refresh(FORGET);
}

async function learn(): Promise<void> {
    const timed = async (operation: Operation) => {
        await prepare(operation);
        await stack.set(operation.settings);
        const start = Date.now();
        await stack.pulumi(commandOf(operation));
        usual.set(operation.name, Date.now() - start);
    };
    for (const operation of OPERATIONS) {
        await timed(operation);
        if (operation.name === "first up") await upheld.learn("up");
    }
    await upheld.learn("down");
}

function print({ fault: { operation, part, interruption }, interrupted, mending, wrong }: Result): void {
    const where = `${operation.name}, at ${(100 * part).toFixed(0)} %: ${interruption.name}`;
    const how = interrupted ? `mended by pulumi ${mending.join(", ")}` : "ended before";
    console.log(wrong.length === 0 ? `✔ ${where}; ${how}` : `✘ ${where}; not mended:\n    ${wrong.join("\n    ")}`);
}

function summary(results: readonly Result[]): string {
    const rows = INTERRUPTIONS.flatMap((interruption) => {
        const these = results.filter(({ fault }) => fault.interruption === interruption);
        if (these.length === 0) return [];
        const number = (passes: (result: Result) => boolean) => String(these.filter(passes).length);
        return [
            [
                interruption.name,
                String(these.length),
                number(({ interrupted }) => interrupted),
                number(({ mending }) => mending.includes("cancel")),
                number(({ mending }) => mending.includes(FORGET)),
                number(({ wrong }) => wrong.length === 0),
            ],
        ];
    });
    return table(["INTERRUPTION", "TIMES", "IN TIME", "NEEDED CANCEL", "LEFT A WARNING", "MENDED"], rows);
}

async function main({ kills, others }: { kills: number; others: boolean }): Promise<void> {
    await lab.command("reset");
    await stack.forget();
    await lab.command("start", "--istio", "1.25.3");
    const results: Result[] = [];
    try {
        await learn();
        for (const fault of faults(kills, others)) {
            const result = await run(fault);
            print(result);
            results.push(result);
        }
    } finally {
        console.log(summary(results));
        await stack.forget();
        await lab.command("reset");
    }
    if (results.some(({ wrong }) => wrong.length > 0)) process.exitCode = 1;
}

void new Command("soak:faults")
    .description("interrupts operations in every way, and shows whether they can be taken up again")
    .option("--kills <number>", "kills of the engine, spread over the operations", Number, 30)
    .option("--no-others", "kills alone")
    .action(main)
    .parseAsync();
