import { once } from "node:events";
import { rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";
import type { KubeConfig, V1Service } from "@kubernetes/client-node";
import { NODE_IP } from "../control-plane/addresses";
import { watchObjects } from "../control-plane/watch";

/** What the outside of the door says of the loopback ports that it was asked to open. */
export interface DoorReport {
    readonly open: readonly number[];
    /** Ports that it could not open, with the reason. */
    readonly refused: readonly { readonly port: number; readonly reason: string }[];
}

/** Where the node ports are open: outside by the door, and inside, too, by kube-proxy's own rules. */
export const DOOR_ADDRESS = "127.0.0.1";

/** First line of a connection: the door's outside asks for the ports, or brings a connection to one of them. */
export const ASK_PORTS = "ports";
export const askConnect = (port: number) => `connect ${port}`;

/**
 * The inside of the lab's door: a socket file, through which the other side, outside of the lab's network namespace, learns the
 * node ports of the cluster and connects to them. A socket file is seen by both, whatever their network namespaces.
 */
export class DoorInside {
    private readonly ports = new Map<string, number[]>();
    private readonly outside = new Set<Socket>();
    private server?: Server;

    /** @param onReport told what the outside could open. */
    constructor(
        private readonly file: string,
        private readonly onReport: (report: DoorReport) => void,
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
                changed: (service) => this.note(service, nodePortsOf(service)),
                deleted: (service) => this.note(service, []),
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
        for (const socket of this.outside) socket.destroy();
    }

    private note({ metadata }: V1Service, ports: number[]): void {
        const before = this.all();
        this.ports.set(metadata?.uid ?? "", ports);
        if (this.all().join() !== before.join()) for (const socket of this.outside) this.tell(socket);
    }

    private readonly all = () => [...new Set([...this.ports.values()].flat())].sort((a, b) => a - b);

    private readonly tell = (socket: Socket) => socket.write(`${JSON.stringify(this.all())}\n`);

    private accept(socket: Socket): void {
        socket.on("error", () => socket.destroy());
        firstLine(socket, (line, rest) => {
            if (line === ASK_PORTS) return this.serveOutside(socket);
            const port = Number(/^connect (\d+)$/.exec(line)?.[1]);
            if (!this.all().includes(port)) return void socket.destroy();
            join(socket, connect(port, NODE_IP), rest);
        });
    }

    private serveOutside(socket: Socket): void {
        this.outside.add(socket);
        socket.on("close", () => this.outside.delete(socket));
        createInterface({ input: socket })
            .on("line", (line) => this.onReport(JSON.parse(line) as DoorReport))
            .on("error", () => undefined);
        this.tell(socket);
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

/** Makes one connection of two; an end or failure of one is the other's, too. */
export function join(a: Socket, b: Socket, first: Buffer = Buffer.alloc(0)): void {
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
