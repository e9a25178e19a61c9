import { once } from "node:events";
import { type StatsListener, unwatchFile, watchFile } from "node:fs";
import { open, readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { TLSSocket } from "node:tls";
import { KUBELET_PORT, NODE_IP } from "../control-plane/addresses";
import { KUBELET_CLIENT, type Pki } from "../control-plane/pki";

/** What a request for logs asks for. */
export interface LogRequest {
    /** `<namespace>/<pod>`. */
    readonly pod: string;
    readonly container: string;
    /** Only so many lines from the end. */
    readonly tailLines?: number;
    readonly follow: boolean;
}

/** A request for a container's logs, or undefined if it is for something else. */
export function parseLogRequest(url: string): LogRequest | undefined {
    const { pathname, searchParams } = new URL(url, "https://node");
    const [, kind, namespace, pod, container] = pathname.split("/");
    if (kind !== "containerLogs" || !namespace || !pod || !container) return undefined;
    const tail = searchParams.get("tailLines");
    return {
        pod: `${namespace}/${pod}`,
        container,
        tailLines: tail === null ? undefined : Number(tail),
        follow: searchParams.get("follow") === "true",
    };
}

/** The last lines of a text; all of it without a number. */
export function lastLines(text: string, count: number | undefined): string {
    if (count === undefined) return text;
    if (count <= 0) return "";
    const lines = text.split("\n");
    const ended = lines.at(-1) === "";
    return lines.slice(-(count + (ended ? 1 : 0))).join("\n");
}

/** How often a followed file is looked at, in milliseconds. */
const FOLLOW_MS = 500;

/**
 * The part of a kubelet's API that `kubectl logs` needs, for the API server only. Pods that kwok plays have no process and
 * say so.
 * @param logFileOf file of a container's log by `<namespace>/<pod>` and container, undefined if it is no process.
 */
export async function serveLogs(
    pki: Pki,
    logFileOf: (pod: string, container: string) => string | undefined,
): Promise<Server> {
    const options = {
        cert: pki.pem("kubelet", "crt"),
        key: pki.pem("kubelet", "key"),
        ca: pki.pem("ca", "crt"),
        requestCert: true,
        rejectUnauthorized: true,
    };
    const server = createServer(options, (request, response) => {
        answer(request, response, logFileOf).catch((error: unknown) => {
            console.error("logs:", error);
            response.destroy();
        });
    });
    server.listen(KUBELET_PORT, NODE_IP);
    await once(server, "listening");
    return server;
}

async function answer(
    request: IncomingMessage,
    response: ServerResponse,
    logFileOf: (pod: string, container: string) => string | undefined,
): Promise<void> {
    const refuse = (status: number, text: string) =>
        response.writeHead(status, { "Content-Type": "text/plain" }).end(`${text}\n`);
    if ((request.socket as TLSSocket).getPeerCertificate().subject?.CN !== KUBELET_CLIENT)
        return void refuse(403, "only the API server may ask");
    const wanted = parseLogRequest(request.url ?? "/");
    if (!wanted) return void refuse(501, "the lab's node answers requests for logs only");
    const file = logFileOf(wanted.pod, wanted.container);
    if (file === undefined)
        return void refuse(400, `pod ${wanted.pod} is played by kwok: it has no process and no logs`);
    const text = await readFile(file, "utf8").catch(() => "");
    response.writeHead(200, { "Content-Type": "text/plain" }).write(lastLines(text, wanted.tailLines));
    if (!wanted.follow) return void response.end();
    followFile(file, Buffer.byteLength(text), response);
}

/** Sends what is appended to a file until the reader goes away. */
function followFile(file: string, from: number, response: ServerResponse): void {
    let position = from;
    let reading = Promise.resolve();
    const more: StatsListener = ({ size }) => {
        reading = reading
            .then(async () => {
                if (size <= position) return;
                const handle = await open(file);
                try {
                    const { buffer, bytesRead } = await handle.read(
                        Buffer.alloc(size - position),
                        0,
                        size - position,
                        position,
                    );
                    position += bytesRead;
                    response.write(buffer.subarray(0, bytesRead));
                } finally {
                    await handle.close();
                }
            })
            .catch(() => void response.end());
    };
    watchFile(file, { interval: FOLLOW_MS }, more);
    response.on("close", () => unwatchFile(file, more));
}
