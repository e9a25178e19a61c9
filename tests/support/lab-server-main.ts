// A TLS server for one test, run in a lab's network namespace:
//   node --import tsx lab-server-main.ts <key> <certificate> <address> <holdMs>
// Prints its port, then one JSON line an event (see ServerEvent).
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type { ServerEvent } from "./lab-server";

const [key, certificate, address, holdMs] = process.argv.slice(2);
const tell = (event: ServerEvent) => console.log(JSON.stringify(event));

const server = createServer(
    { key: readFileSync(key!), cert: readFileSync(certificate!) },
    (request, response) => void answer(request, response),
);

server.on("connection", () => tell({ type: "connection" }));
server.listen(0, address, () => console.log((server.address() as AddressInfo).port));
process.stdin.resume().on("end", () => process.exit(0));

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const review = JSON.parse((await text(request)) || "{}") as {
        request?: { uid: string; name: string; operation: string; dryRun?: boolean };
    };
    const { uid, name = "", operation, dryRun } = review.request ?? {};
    if (operation === "CREATE" && !dryRun) {
        const from = Date.now();
        await sleep(Number(holdMs));
        tell({ type: "held", name, from, to: Date.now() });
    }
    response.setHeader("Content-Type", "application/json");
    response.end(
        JSON.stringify({
            apiVersion: "admission.k8s.io/v1",
            kind: "AdmissionReview",
            response: { uid, allowed: true },
        }),
    );
}
