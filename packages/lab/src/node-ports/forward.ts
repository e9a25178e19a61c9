/**
 * Forwards the node ports of the lab's cluster from loopback, so that a browser finds Bookinfo there: a program in the
 * machine's own network namespace, which ends when the lab does. `forward.ts <the relay's socket file>`
 */
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { LoopbackPorts } from "./loopback";
import { LIST_PORTS } from "./relay";

function main(file: string): void {
    const subscription = connect(file, () => subscription.write(`${LIST_PORTS}\n`));
    const forwarder = new LoopbackPorts(file, (ports) => void subscription.write(`${JSON.stringify(ports)}\n`));
    createInterface({ input: subscription })
        .on("line", (line) => forwarder.set(JSON.parse(line) as number[]))
        .on("error", () => undefined);
    // The lab has ended.
    subscription.on("error", () => process.exit(0)).on("close", () => process.exit(0));
}

main(process.argv[2] ?? "");
