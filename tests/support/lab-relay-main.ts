// Hands connections on to a server, run in a lab's network namespace:
//   node --import tsx lab-relay-main.ts <address> <port> <milliseconds that answers wait>
// Prints its own port. A line `cut` on its standard input lets nothing through any more, `join` does again; the end of
// it ends the relay.
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";

const [address, port, milliseconds] = process.argv.slice(2);

let isCut = false;
const ends = new Set<Socket>();

const server = createServer((client) => {
    const upstream = connect(Number(port), address);
    for (const end of [client, upstream]) {
        ends.add(end);
        end.on("close", () => ends.delete(end));
        // Whoever connects meanwhile is neither answered nor refused.
        if (isCut) end.pause();
    }
    forward(client, upstream, 0);
    forward(upstream, client, Number(milliseconds));
});

function forward(from: Socket, to: Socket, delay: number): void {
    from.on("data", (bytes) => void setTimeout(() => to.write(bytes), delay));
    from.on("end", () => void setTimeout(() => to.end(), delay));
    from.on("error", () => to.destroy());
    from.on("close", () => void setTimeout(() => to.destroy(), delay));
}

createInterface({ input: process.stdin })
    .on("line", (line) => {
        isCut = line === "cut";
        for (const end of ends)
            if (isCut) end.pause();
            else end.resume();
    })
    .on("close", () => process.exit(0));
server.listen(0, address, () => console.log((server.address() as AddressInfo).port));
