import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { join, nodePortsOf } from "../../src/node-ports/inside";

const open: { close(): void }[] = [];
afterEach(() => open.splice(0).forEach((each) => each.close()));

async function listening(onSocket: (socket: Socket) => void): Promise<Server> {
    const server = createServer(onSocket).listen(0, "127.0.0.1");
    await once(server, "listening");
    open.push(server);
    return server;
}
const portOf = (server: Server) => (server.address() as AddressInfo).port;

describe("nodePortsOf", () => {
    it("are those that speak TCP", () => {
        const spec = {
            ports: [
                { port: 80, nodePort: 30080 },
                { port: 53, protocol: "UDP", nodePort: 30053 },
                { port: 81 },
                { port: 82, protocol: "TCP", nodePort: 30082 },
            ],
        };
        expect(nodePortsOf({ spec })).toEqual([30080, 30082]);
        expect(nodePortsOf({})).toEqual([]);
    });
});

describe("join", () => {
    /** A client, a server behind it, and the joined pair between them. */
    async function pair(onServed: (socket: Socket) => void): Promise<Socket> {
        const inner = await listening(onServed);
        const outer = await listening((socket) =>
            join(socket, connect(portOf(inner), "127.0.0.1"), Buffer.from("first ")),
        );
        return connect(portOf(outer), "127.0.0.1");
    }

    it("carries both ways, what was read before first", async () => {
        const client = await pair((socket) => socket.once("data", (data) => socket.end(`got ${String(data)}`)));
        client.write("second");
        let text = "";
        client.on("data", (data) => (text += String(data)));
        await once(client, "close");
        expect(text).toMatch(/^got first/);
    });

    it("ends one when the other ends", async () => {
        let served: Socket | undefined;
        const client = await pair((socket) => (served = socket.resume()));
        await once(client, "connect");
        while (!served) await new Promise((resolve) => setTimeout(resolve, 5));
        const closed = once(served, "close");
        client.destroy();
        await closed;
        expect(served.destroyed).toBe(true);
    });
});
