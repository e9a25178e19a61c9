import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, type MockInstance, onTestFinished, vi } from "vitest";
import { workloadFor } from "../../src/workloads/applications";
import { HOPS_HEADER } from "../../src/workloads/hops";
import { type Running, start } from "../../src/workloads/running";
import { readSettings } from "../../src/workloads/settings";

/** What workloads wrote to standard error in this test. */
let written: MockInstance<typeof console.error>;
beforeEach(() => void (written = vi.spyOn(console, "error").mockImplementation(() => undefined)));
// They may write of failing backends; anything else is a bug.
afterEach(() => {
    const sentences = errorLog();
    written.mockRestore();
    expect(sentences.filter((sentence) => !/^(details|ratings|reviews) at 127\.0\.0\.1:\d+: /.test(sentence))).toEqual(
        [],
    );
});

export const errorLog = (): string[] => written.mock.calls.map((parts) => parts.join(" "));

/** A workload on free ports of the loopback; it ends with the test. */
export interface Started extends Running {
    /** Asks the first port. */
    readonly ask: (path: string, init?: RequestInit) => Promise<Response>;
    /** The variables by which others find it as their backend. */
    readonly asBackend: Record<string, string>;
}

export async function startWorkload(args: string, env: Record<string, string> = {}): Promise<Started> {
    const workload = workloadFor(args.split(" "));
    const running = await start(
        workload,
        readSettings({ LAB_PORTS: "0", LAB_ADDRESS: "127.0.0.1", HOSTNAME: `${args.replace(" ", "-")}-pod`, ...env }),
    );
    onTestFinished(() => running.close());
    const [port = 0] = running.ports;
    return {
        ...running,
        ask: (path, init) => fetch(`http://127.0.0.1:${port}${path}`, { redirect: "manual", ...init }),
        asBackend: backend(workload.name, port),
    };
}

/** A backend that answers as the test wants; it ends with the test. */
export async function startBackend(
    name: string,
    answer: RequestListener,
): Promise<{ asBackend: Record<string, string>; port: number }> {
    const server = createServer(answer).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => {
        server.close();
        server.closeAllConnections();
    });
    const { port } = server.address() as AddressInfo;
    return { asBackend: backend(name, port), port };
}

/** A port of the loopback on which nothing listens. */
export async function freePort(): Promise<number> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    return port;
}

/** A backend that refuses every connection. */
export const noBackend = async (name: string): Promise<Record<string, string>> => backend(name, await freePort());

const backend = (name: string, port: number) => ({
    [`${name.toUpperCase()}_HOSTNAME`]: "127.0.0.1",
    [`${name.toUpperCase()}_SERVICE_PORT`]: String(port),
});

export const hopsOf = (response: Response): unknown => JSON.parse(response.headers.get(HOPS_HEADER) ?? "null");

/** The header that Envoy adds to a request of `client` to `server`, service accounts of one namespace. */
export const xfcc = (client: string, server: string): string =>
    `By=${spiffe(server)};Hash=0af1;Subject="";URI=${spiffe(client)}`;

export const spiffe = (account: string): string => `spiffe://cluster.local/ns/istio-sample/sa/${account}`;
