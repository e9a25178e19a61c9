/**
 * What an operation that is interrupted leaves, and whether `pulumi up` (or `destroy`) alone mends it, on a lab of its
 * own (`soak`): `npm run soak:faults`. It prints a line for each interruption and a table of how many were mended.
 */
import { Command } from "commander";
import { table } from "@istio-on-pulumi/lab";
import { Lab } from "../../tests/support/lab";
import {
    CHANGE,
    DESTROY,
    type Fault,
    type FaultResult,
    Faults,
    FIRST_UP,
    FORGET,
    UPGRADE,
} from "../../tests/support/lab-faults";
import { INTERRUPTIONS, KILL } from "../../tests/support/lab-interruptions";
import { Stack } from "../../tests/support/lab-stack";

/** For a command, in milliseconds: longer than the ten minutes after which the provider itself ends a wait. */
const TIMEOUT_MS = 15 * 60_000;
const OPERATIONS = [FIRST_UP, CHANGE, UPGRADE, DESTROY];

const lab = Lab.named("soak", TIMEOUT_MS);
const stack = new Stack(lab);

interface Options {
    readonly kills: number;
    /** A part of the names of the other interruptions that are tried. */
    readonly others: string;
}

/** Kills spread over all operations, and then each other interruption in the middle of each. */
function faultsOf({ kills, others }: Options): Fault[] {
    const rounds = Math.ceil(kills / OPERATIONS.length);
    const spread = Array.from({ length: kills }, (_, index) => ({
        operation: OPERATIONS[index % OPERATIONS.length]!,
        part: (Math.floor(index / OPERATIONS.length) + 1) / (rounds + 1),
        interruption: KILL,
    }));
    const rest = INTERRUPTIONS.filter((each) => each !== KILL && each.name.includes(others));
    return [
        ...spread,
        ...rest.flatMap((interruption) => OPERATIONS.map((operation) => ({ operation, part: 0.5, interruption }))),
    ];
}

function print({ operation, part, interruption }: Fault, { interrupted, mending, wrong }: FaultResult): void {
    const where = `${operation.name}, at ${(100 * part).toFixed(0)} %: ${interruption.name}`;
    const how = interrupted ? `mended by pulumi ${mending.join(", pulumi ")}` : "ended before";
    console.log(wrong.length === 0 ? `✔ ${where}; ${how}` : `✘ ${where}; not mended:\n    ${wrong.join("\n    ")}`);
}

/** A row for each interruption that happened. */
function summary(results: ReadonlyMap<Fault, FaultResult>): string {
    const rows = INTERRUPTIONS.flatMap((interruption) => {
        const these = [...results].filter(([fault]) => fault.interruption === interruption);
        if (these.length === 0) return [];
        const number = (passes: (result: FaultResult) => boolean) =>
            String(these.filter(([, result]) => passes(result)).length);
        return [
            [
                interruption.name,
                String(these.length),
                number(({ interrupted }) => interrupted),
                number(({ mending }) => mending.includes("cancel")),
                number(({ mending }) => mending.includes(`refresh ${FORGET}`)),
                number(({ wrong }) => wrong.length === 0),
            ],
        ];
    });
    return table(["INTERRUPTION", "TIMES", "IN TIME", "NEEDED CANCEL", "LEFT A WARNING", "MENDED"], rows);
}

async function main(options: Options): Promise<void> {
    await lab.command("reset");
    await stack.forget();
    await lab.command("start", "--istio", "1.25.3");
    const faults = new Faults(lab, stack);
    const results = new Map<Fault, FaultResult>();
    try {
        await faults.learn([CHANGE, UPGRADE]);
        for (const fault of faultsOf(options)) {
            const result = await faults.run(fault);
            print(fault, result);
            results.set(fault, result);
        }
    } finally {
        console.log(summary(results));
        await stack.forget();
        await lab.command("reset");
    }
    if ([...results.values()].some(({ wrong }) => wrong.length > 0)) process.exitCode = 1;
}

void new Command("soak:faults")
    .description("interrupts operations in every way, and shows whether they can be taken up again")
    .option("--kills <number>", "kills of the engine, spread over the operations", Number, 30)
    .option("--others <text>", "of the other interruptions those alone whose name has this in it", "")
    .action(main)
    .parseAsync();
