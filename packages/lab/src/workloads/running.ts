import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Workload } from "./applications";
import { listen } from "./server";
import type { Settings } from "./settings";

/** A workload that answers. */
export interface Running {
    readonly servers: readonly Server[];
    /** The ports that it listens on: those of the settings, with a number for each 0. */
    readonly ports: readonly number[];
    /**
     * Ends it as a pod that goes away should: serves on while its endpoints are being removed, but asks its clients to
     * leave, and then waits for the requests under way.
     * @param serveMs how long it serves on.
     * @param finishMs how long requests may then still take.
     */
    readonly drain: (serveMs: number, finishMs: number) => Promise<void>;
    /** Ends it at once, with every connection. */
    readonly close: () => Promise<void>;
}

/** @throws Error of Node.js, such as EADDRINUSE, if a port cannot be listened on; then none is. */
export async function start(workload: Workload, settings: Settings): Promise<Running> {
    let draining = false;
    const application = workload.create(settings);
    const served = {
        application: workload.name,
        pod: settings.pod,
        handle: application.handle,
        draining: () => draining,
    };
    const ports = workload.allPorts ? settings.ports : [settings.ports[0]];
    const servers: Server[] = [];
    const close = async () => {
        const closed = servers.map((server) => closeServer(server));
        for (const server of servers) server.closeAllConnections();
        application.close();
        await Promise.all(closed);
    };
    try {
        for (const port of ports) servers.push(await listen(served, port, settings.address));
    } catch (error) {
        await close();
        throw error;
    }
    const drain = async (serveMs: number, finishMs: number) => {
        draining = true;
        await sleep(serveMs);
        const finished = servers.map((server) => closeServer(server));
        const timer = setTimeout(() => void close(), finishMs);
        await Promise.all(finished);
        clearTimeout(timer);
        application.close();
    };
    return { servers, ports: servers.map((server) => (server.address() as AddressInfo).port), drain, close };
}

/** Takes no further connections and closes the idle ones; resolves when the others are gone too. */
async function closeServer(server: Server): Promise<void> {
    const closed = server.listening ? once(server, "close") : undefined;
    server.close(() => undefined);
    await closed;
}
