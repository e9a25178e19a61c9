/**
 * The outside of the lab's door: a program in the machine's own network namespace. It opens each node port of the lab's cluster
 * on loopback, so that a browser finds Bookinfo there, and ends when the lab does.
 */
import { connect, createServer, type Server } from "node:net";
import { createInterface } from "node:readline";
import { ASK_PORTS, askConnect, DOOR_ADDRESS, type DoorReport, join } from "./inside";

/** Loopback ports that lead into the lab. */
class DoorOutside {
    private readonly servers = new Map<number, Server>();
    private readonly refused = new Map<number, string>();

    constructor(
        private readonly file: string,
        private readonly report: (report: DoorReport) => void,
    ) {}

    /** Opens these ports and closes all others. */
    set(ports: readonly number[]): void {
        for (const [port, server] of this.servers) if (!ports.includes(port)) this.shut(port, server);
        for (const port of this.refused.keys()) if (!ports.includes(port)) this.refused.delete(port);
        for (const port of ports) if (!this.servers.has(port)) this.open(port);
        this.tell();
    }

    private open(port: number): void {
        const server = createServer((socket) => {
            // Written before the two are joined: it must be the first line.
            const inside = connect(this.file);
            inside.write(`${askConnect(port)}\n`);
            join(socket, inside);
        });
        this.servers.set(port, server);
        server.on("error", (error) => {
            this.servers.delete(port);
            this.refused.set(port, error.message);
            this.tell();
        });
        server.listen(port, DOOR_ADDRESS, () => {
            this.refused.delete(port);
            this.tell();
        });
    }

    private shut(port: number, server: Server): void {
        this.servers.delete(port);
        server.close();
    }

    private tell(): void {
        const open = [...this.servers].filter(([, server]) => server.listening).map(([port]) => port);
        this.report({ open, refused: [...this.refused].map(([port, reason]) => ({ port, reason })) });
    }
}

function main(file: string): void {
    const subscription = connect(file, () => subscription.write(`${ASK_PORTS}\n`));
    const door = new DoorOutside(file, (report) => void subscription.write(`${JSON.stringify(report)}\n`));
    createInterface({ input: subscription })
        .on("line", (line) => door.set(JSON.parse(line) as number[]))
        .on("error", () => undefined);
    // The lab has ended.
    subscription.on("error", () => process.exit(0)).on("close", () => process.exit(0));
}

main(process.argv[2] ?? "");
