import { once } from "node:events";
import { rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";
import type { KubeConfig, V1Service } from "@kubernetes/client-node";
import { NODE_IP } from "../control-plane/addresses";
import { watchObjects } from "../control-plane/watch";
import type { LoopbackPorts } from "./loopback";

/** What the forwarder says of the loopback ports that it was asked to open. */
export interface ForwardedPorts {
    readonly open: readonly number[];
    /** Ports that could not be opened, with the reason. */
    readonly refused: readonly { readonly port: number; readonly reason: string }[];
}

/** First line of a connection from the forwarder: it asks for the node ports, or for a connection to one. */
export const LIST_PORTS = "ports";
export const connectTo = (port: number) => `connect ${port}`;

/**
 * Relays connections from a socket file to the cluster's node ports, from within the lab's network namespace. The
 * forwarder is outside of it; a socket file is seen by both, whatever their network namespaces.
 */
export class NodePortRelay {
    /** Node ports by the uid of their Service. */
    private readonly ports = new Map<string, number[]>();
    private readonly forwarders = new Set<Socket>();
    private server?: Server;

    /**
     * @param file the socket file.
     * @param onForwarded told which ports the forwarder could open.
     * @param inside loopback ports of the lab's own namespace, where kube-proxy has no rules for them.
     */
    constructor(
        private readonly file: string,
        private readonly onForwarded: (ports: ForwardedPorts) => void,
        private readonly inside?: LoopbackPorts,
    ) {}

    /** Listens, and follows the Services until the signal fires. */
    async start(config: KubeConfig, signal: AbortSignal): Promise<void> {
        await this.listen();
        signal.addEventListener("abort", () => this.close());
        const { CoreV1Api } = await import("@kubernetes/client-node");
        const core = config.makeApiClient(CoreV1Api);
        await watchObjects<V1Service>(
            config,
            "/api/v1/services",
            () => core.listServiceForAllNamespaces(),
            {
                changed: (service) => this.setPorts(service, nodePortsOf(service)),
                deleted: (service) => this.setPorts(service, []),
            },
            { signal },
        );
    }

    private async listen(): Promise<void> {
        if (this.server) return;
        rmSync(this.file, { force: true });
        this.server = createServer((socket) => this.accept(socket));
        this.server.listen(this.file);
        await once(this.server, "listening");
    }

    private close(): void {
        this.server?.close();
        for (const socket of this.forwarders) socket.destroy();
    }

    private setPorts({ metadata }: V1Service, ports: number[]): void {
        const before = this.allPorts();
        this.ports.set(metadata?.uid ?? "", ports);
        if (this.allPorts().join() === before.join()) return;
        for (const socket of this.forwarders) this.sendPorts(socket);
        this.inside?.set(this.allPorts());
    }

    private readonly allPorts = () => [...new Set([...this.ports.values()].flat())].sort((a, b) => a - b);

    private readonly sendPorts = (socket: Socket) => socket.write(`${JSON.stringify(this.allPorts())}\n`);

    private accept(socket: Socket): void {
        socket.on("error", () => socket.destroy());
        firstLine(socket, (line, rest) => {
            if (line === LIST_PORTS) return this.serveForwarder(socket);
            const port = Number(/^connect (\d+)$/.exec(line)?.[1]);
            if (!this.allPorts().includes(port)) return void socket.destroy();
            connectSockets(socket, connect(port, NODE_IP), rest);
        });
    }

    private serveForwarder(socket: Socket): void {
        this.forwarders.add(socket);
        socket.on("close", () => this.forwarders.delete(socket));
        createInterface({ input: socket })
            .on("line", (line) => this.onForwarded(JSON.parse(line) as ForwardedPorts))
            .on("error", () => undefined);
        this.sendPorts(socket);
    }
}

/** Node ports of a Service that speak TCP. */
export function nodePortsOf({ spec }: V1Service): number[] {
    const tcp = (spec?.ports ?? []).filter(({ protocol, nodePort }) => (protocol ?? "TCP") === "TCP" && nodePort);
    return tcp.map(({ nodePort }) => nodePort ?? 0);
}

const LONGEST_LINE = 64;

/** Reads up to the first line break; what comes after it is handed over. */
function firstLine(socket: Socket, then: (line: string, rest: Buffer) => void): void {
    let read = Buffer.alloc(0);
    const more = (data: Buffer) => {
        read = Buffer.concat([read, data]);
        const end = read.indexOf("\n");
        if (end < 0 && read.length <= LONGEST_LINE) return;
        socket.off("data", more);
        if (end < 0) return void socket.destroy();
        socket.pause();
        then(read.subarray(0, end).toString(), read.subarray(end + 1));
        socket.resume();
    };
    socket.on("data", more);
}

/** Makes one connection of two; an end or failure of one is the other's, too. @param first what was read from `a`. */
export function connectSockets(a: Socket, b: Socket, first: Buffer = Buffer.alloc(0)): void {
    if (first.length > 0) b.write(first);
    for (const [one, other] of [
        [a, b],
        [b, a],
    ] as const) {
        one.on("error", () => other.destroy());
        one.on("close", () => other.destroy());
        one.pipe(other);
    }
}
