import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, it } from "vitest";
import { LoopbackPorts } from "../../src/node-ports/loopback";
import { connectSockets, nodePortsOf } from "../../src/node-ports/relay";

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

describe("connectSockets", () => {
    /** A client, a server behind it, and the joined pair between them. */
    async function pair(onServed: (socket: Socket) => void): Promise<Socket> {
        const inner = await listening(onServed);
        const outer = await listening((socket) =>
            connectSockets(socket, connect(portOf(inner), "127.0.0.1"), Buffer.from("first ")),
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

describe("loopback ports in the lab's own namespace", () => {
    it("lead to the relay, and close when the cluster has them no more", async () => {
        const dir = mkdtempSync(join(tmpdir(), "node-ports-"));
        open.push({ close: () => rmSync(dir, { recursive: true }) });
        const free = await listening((socket) => socket.destroy());
        const port = portOf(free);
        free.close();
        const file = join(dir, "relay.sock");
        const relay = createServer((socket) => socket.once("data", (line) => socket.end(`got ${String(line)}`)));
        open.push(relay.listen(file));
        let told = (_: unknown): void => undefined;
        const ports = new LoopbackPorts(file, ({ open: all }) => told(all));
        const opened = new Promise((resolve) => (told = (all) => (all as number[]).length > 0 && resolve(all)));
        ports.set([port]);
        expect(await opened).toEqual([port]);
        const [answer] = (await once(connect(port, "127.0.0.1"), "data")) as [Buffer];
        expect(String(answer)).toBe(`got connect ${port}\n`);
        ports.set([]);
        await expect(once(connect(port, "127.0.0.1"), "connect")).rejects.toThrow("ECONNREFUSED");
    });
});

describe("the forwarder", () => {
    it("opens the ports that the relay names, brings connections to it, and ends with it", async () => {
        const dir = mkdtempSync(join(tmpdir(), "node-ports-"));
        open.push({ close: () => rmSync(dir, { recursive: true }) });
        const taken = await listening((socket) => socket.destroy());
        const free = await listening((socket) => socket.destroy());
        const port = portOf(free);
        free.close();
        const relay = createServer().listen(join(dir, "relay.sock"));
        open.push(relay);
        const sockets: Socket[] = [];
        /** The next connection's first line. */
        const next = async () => {
            const [socket] = (await once(relay, "connection")) as [Socket];
            sockets.push(socket);
            const lines = createInterface({ input: socket });
            return { socket, lines, line: ((await once(lines, "line")) as [string])[0] };
        };
        const main = join(__dirname, "../../src/node-ports/forward.ts");
        const child = spawn(process.execPath, ["--import", "tsx", main, join(dir, "relay.sock")], { stdio: "inherit" });
        open.push({ close: () => child.kill() });
        const subscription = await next();
        expect(subscription.line).toBe("ports");

        const ports = new Promise<unknown>((resolve) => {
            subscription.lines.on("line", (line) => {
                const said = JSON.parse(line) as { open: number[]; refused: unknown[] };
                if (said.open.length + said.refused.length === 2) resolve(said);
            });
        });
        subscription.socket.write(`${JSON.stringify([port, portOf(taken)])}\n`);
        const reason: unknown = expect.stringContaining("EADDRINUSE");
        expect(await ports).toEqual({ open: [port], refused: [{ port: portOf(taken), reason }] });

        const client = connect(port, "127.0.0.1");
        const relayed = await next();
        expect(relayed.line).toBe(`connect ${port}`);
        relayed.socket.write("answer");
        expect(String(((await once(client, "data")) as [Buffer])[0])).toBe("answer");

        for (const socket of sockets) socket.destroy();
        expect(await once(child, "exit")).toEqual([0, null]);
    });
});
