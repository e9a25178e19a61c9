// Hands connections on to a server and lets its bytes wait, run in a lab's network namespace:
//   node --import tsx slow-main.ts <address> <port> <milliseconds>
// Prints its own port.
import { type AddressInfo, connect, createServer } from "node:net";

const [address, port, milliseconds] = process.argv.slice(2);

const server = createServer((client) => {
    const upstream = connect(Number(port), address);
    client.pipe(upstream);
    upstream.on("data", (bytes) => setTimeout(() => client.write(bytes), Number(milliseconds)));
    upstream.on("end", () => setTimeout(() => client.end(), Number(milliseconds)));
    upstream.on("error", () => client.destroy());
    client.on("error", () => upstream.destroy());
    client.on("close", () => upstream.destroy());
});
server.listen(0, address, () => console.log((server.address() as AddressInfo).port));
process.stdin.resume().on("end", () => process.exit(0));
