import { table } from "@istio-on-pulumi/lab";
import { type Cost, median, medianCost } from "./measure";

/** What an operation took, and what it asked of the API server. */
export interface Sample extends Cost {
    readonly requests: number;
    /** Those that write, dry runs and questions of rights left out. */
    readonly writes: number;
}

/** What one operation takes by one tool: medians. */
export interface Figure extends Sample {
    readonly operation: string;
    readonly tool: string;
    /** The fastest and the slowest, in seconds. */
    readonly spread: readonly [number, number];
    /** To the first peer's, in seconds; absent where the peer does nothing that compares. */
    readonly ratio?: number;
}

/** Samples by operation and tool, in the order in which they were first taken. */
export class Samples {
    private readonly taken = new Map<string, { operation: string; tool: string; samples: Sample[] }>();

    add(operation: string, tool: string, sample: Sample): void {
        const key = `${operation} ${tool}`;
        const entry = this.taken.get(key) ?? { operation, tool, samples: [] };
        entry.samples.push(sample);
        this.taken.set(key, entry);
    }

    /** @param comparable by operation, the one of the peer's that it is held against, if not the same */
    figures(peer: string, comparable: Readonly<Record<string, string>>): Figure[] {
        return [...this.taken.values()].map(({ operation, tool, samples }) => {
            const base = this.taken.get(`${comparable[operation] ?? operation} ${peer}`);
            const cost = medianCost(samples);
            const times = samples.map(({ seconds }) => seconds);
            return {
                operation,
                tool,
                ...cost,
                requests: median(samples.map(({ requests }) => requests)),
                writes: median(samples.map(({ writes }) => writes)),
                spread: [Math.min(...times), Math.max(...times)] as const,
                ...(base && { ratio: cost.seconds / medianCost(base.samples).seconds }),
            };
        });
    }
}

/** What everything takes, and what the programs take of it. */
export function show(figures: readonly Figure[]): string {
    const rows = figures.map(({ operation, tool, seconds, spread, ratio, cpu, megabytes, requests, writes }) => [
        operation,
        tool,
        seconds.toFixed(1),
        spread.map((each) => each.toFixed(1)).join(" to "),
        ratio === undefined ? "" : `${ratio.toFixed(2)} x`,
        cpu.toFixed(1),
        megabytes.toFixed(0),
        String(requests),
        String(writes),
    ]);
    const programs = figures.flatMap(({ operation, tool, programs }) =>
        Object.entries(programs)
            .filter(([, { cpu }]) => cpu >= 0.1)
            .map(([program, { cpu, megabytes }]) => [operation, tool, program, cpu.toFixed(1), megabytes.toFixed(0)]),
    );
    const head = ["OPERATION", "BY", "SECONDS", "SPREAD", "RATIO", "CPU SECONDS", "MB", "REQUESTS", "WRITES"];
    return `${table(head, rows)}\n\n${table(["OPERATION", "BY", "PROGRAM", "CPU SECONDS", "MB"], programs)}`;
}
