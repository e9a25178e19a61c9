import { createServer as createPlain, type IncomingMessage, type RequestListener } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import type { TLSSocket } from "node:tls";
import { onTestFinished } from "vitest";
import { stringify } from "yaml";
import { type ClusterClient, openCluster } from "../../src";
import type { Pki } from "./pki";

/** A server on loopback that says who it was asked by. */
export interface TestServer {
    readonly port: number;
    readonly url: string;
    readonly asked: IncomingMessage[];
}

/** What the server says of a request. */
export interface Seen {
    readonly gitVersion: string;
    readonly path: string;
    readonly authorization?: string;
    readonly headers: Readonly<Record<string, string>>;
    /** Common name of the client's certificate. */
    readonly client?: string;
}

/** Starts an API server that ends with the test; over TLS where it has certificates. */
export async function serve(pki?: Pki): Promise<TestServer> {
    const asked: IncomingMessage[] = [];
    const answer: RequestListener = (request, response) => {
        asked.push(request);
        const subject = pki && (request.socket as TLSSocket).getPeerCertificate().subject;
        const seen: Seen = {
            gitVersion: "v1.33.1",
            path: request.url ?? "",
            authorization: request.headers.authorization,
            headers: request.headers as Record<string, string>,
            ...(subject && { client: [subject.CN].flat().join() }),
        };
        response.setHeader("content-type", "application/json").end(JSON.stringify(seen));
    };
    const server = pki
        ? createServer(
              {
                  cert: pki.server.cert,
                  key: pki.server.key,
                  requestCert: true,
                  rejectUnauthorized: false,
              },
              answer,
          )
        : createPlain(answer);
    const port = await listen(server);
    return { port, url: `${pki ? "https" : "http"}://127.0.0.1:${port}`, asked };
}

/** Listens on loopback until the test ends. */
export async function listen(server: Server): Promise<number> {
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    onTestFinished(
        () =>
            new Promise<void>((closed) => {
                if ("closeAllConnections" in server)
                    (server as { closeAllConnections: () => void }).closeAllConnections();
                server.close(() => closed());
            }),
    );
    return (server.address() as AddressInfo).port;
}

/** The text of a kubeconfig with one cluster and one user. */
export const kubeconfigOf = (cluster: object, user: object = {}): string =>
    stringify({
        apiVersion: "v1",
        kind: "Config",
        clusters: [{ name: "their", cluster }],
        users: [{ name: "me", user }],
        contexts: [{ name: "prod", context: { cluster: "their", user: "me" } }],
        "current-context": "prod",
    });

const WAYS = { kubeconfig: "use-kubeconfig <path>", context: "use-context <name>" };

/** Opens the cluster of a kubeconfig, a path or a text. */
export const open = (kubeconfig: string, timeLimit = 5_000): Promise<ClusterClient> =>
    openCluster({ kubeconfig }, { ways: WAYS, rights: "read nodes", timeLimit });

/** Asks the cluster of a kubeconfig for its version. */
export const ask = async (cluster: object, user: object = {}): Promise<Seen> =>
    (await open(kubeconfigOf(cluster, user))).get<Seen>("/version");
