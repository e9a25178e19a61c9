import { connect, createServer, type Server } from "node:net";
import { NODE_PORT_ADDRESS } from "../control-plane/addresses";
import { connectSockets, connectTo, type ForwardedPorts } from "./relay";

/** Loopback ports that lead to the cluster's node ports, by the relay. */
export class LoopbackPorts {
    private readonly servers = new Map<number, Server>();
    private readonly refused = new Map<number, string>();

    /** @param file the relay's socket file. */
    constructor(
        private readonly file: string,
        private readonly onChange: (ports: ForwardedPorts) => void,
    ) {}

    /** Opens these ports and closes all others. */
    set(ports: readonly number[]): void {
        for (const [port, server] of this.servers) if (!ports.includes(port)) this.close(port, server);
        for (const port of this.refused.keys()) if (!ports.includes(port)) this.refused.delete(port);
        for (const port of ports) if (!this.servers.has(port)) this.open(port);
        this.changed();
    }

    private open(port: number): void {
        const server = createServer((socket) => {
            // Written before the two are connected: it must be the first line.
            const relay = connect(this.file);
            relay.write(`${connectTo(port)}\n`);
            connectSockets(socket, relay);
        });
        this.servers.set(port, server);
        server.on("error", (error) => {
            this.servers.delete(port);
            this.refused.set(port, error.message);
            this.changed();
        });
        server.listen(port, NODE_PORT_ADDRESS, () => {
            this.refused.delete(port);
            this.changed();
        });
    }

    private close(port: number, server: Server): void {
        this.servers.delete(port);
        server.close();
    }

    private changed(): void {
        const open = [...this.servers].filter(([, server]) => server.listening).map(([port]) => port);
        this.onChange({ open, refused: [...this.refused].map(([port, reason]) => ({ port, reason })) });
    }
}
