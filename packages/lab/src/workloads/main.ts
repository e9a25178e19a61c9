// Runs one application of Bookinfo, or the echo: node main.js <application> [version]
import { workloadFor } from "./applications";
import { type Running, start } from "./running";
import { readSettings } from "./settings";
import { UsageError } from "./usage-error";

/** How long a pod that goes away serves on, in milliseconds: by then every proxy knows that its endpoint is gone. */
const SERVE_MS = 6000;
/** How long requests under way may then take: as long as the slowest backend call. */
const FINISH_MS = 10_000;

/** Exit code of a process that SIGTERM ended before it was done. */
const TERMINATED = 143;

async function main(): Promise<void> {
    const workload = workloadFor(process.argv.slice(2));
    const running = await start(workload, readSettings(process.env));
    process.once("SIGTERM", () => {
        process.once("SIGTERM", () => process.exit(TERMINATED));
        void end(running, workload.servesOn ? SERVE_MS : 0);
    });
}

async function end(running: Running, serveMs: number): Promise<void> {
    await running.drain(serveMs, FINISH_MS);
    process.exit(0);
}

main().catch((error: unknown) => {
    const { code, port, message } = error as NodeJS.ErrnoException & { port?: number };
    if (error instanceof UsageError) {
        console.error(message);
        process.exit(2);
    }
    console.error(
        port === undefined
            ? error
            : `Port ${port} cannot be listened on (${code}): end what listens there, or set LAB_PORTS to another.`,
    );
    process.exit(1);
});
