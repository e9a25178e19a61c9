import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClusterSnapshot } from "../src/snapshot/snapshot";

/** An API server that knows the lists, versions and reviews that the inspections ask for, over plain HTTP on loopback. */
export interface FakeApi {
    /** Path of a kubeconfig for it. */
    readonly kubeconfig: string;
    /** Paths asked for, queries left out. */
    readonly asked: string[];
    /** Pages of at most so many items. */
    page: number;
    /** HTTP statuses to answer with instead, by path. */
    readonly failures: Map<string, number>;
    /** What else there is, by path with nothing escaped: an object as JSON, or a text as it is. */
    readonly more: Map<string, () => unknown>;
    /** What this user may not do, as `create namespaces`. */
    readonly denied: Set<string>;
    stop(): Promise<void>;
}

export async function fakeApi(snapshot: ClusterSnapshot): Promise<FakeApi> {
    const lists: Record<string, readonly unknown[]> = {
        "/api/v1/namespaces": snapshot.namespaces,
        "/api/v1/pods": snapshot.pods,
        "/api/v1/services": snapshot.services,
        "/api/v1/nodes": snapshot.nodes,
        "/apis/discovery.k8s.io/v1/endpointslices": snapshot.endpointSlices,
        "/apis/apps/v1/deployments": snapshot.deployments,
        "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations": snapshot.webhooks,
        "/apis/gateway.networking.k8s.io/v1/gateways": snapshot.gateways,
        "/apis/gateway.networking.k8s.io/v1/httproutes": snapshot.routes,
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions": [],
        "/apis/storage.k8s.io/v1/storageclasses": [
            { metadata: { name: "standard", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } } },
        ],
    };
    const state = {
        asked: [] as string[],
        page: 500,
        failures: new Map<string, number>(),
        more: new Map<string, () => unknown>(),
        denied: new Set<string>(),
    };
    const server = createServer((request, response) => {
        const url = new URL(request.url!, "http://localhost");
        state.asked.push(url.pathname);
        const answer = (status: number, body: unknown) =>
            response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
        const failure = state.failures.get(url.pathname);
        if (failure !== undefined) return answer(failure, { kind: "Status", code: failure });
        if (url.pathname === "/version") return answer(200, { gitVersion: "v1.31.0", major: "1", minor: "31" });
        if (url.pathname.endsWith("/selfsubjectaccessreviews")) {
            return void readBody(request).then((body) => {
                const { verb, resource } = (
                    body as { spec: { resourceAttributes: { verb: string; resource: string } } }
                ).spec.resourceAttributes;
                answer(201, {
                    spec: {},
                    status: {
                        allowed: state.denied.size === 0 || (verb !== "*" && !state.denied.has(`${verb} ${resource}`)),
                    },
                });
            });
        }
        const more = state.more.get(decodeURIComponent(url.pathname))?.();
        if (typeof more === "string") return response.writeHead(200, { "content-type": "text/plain" }).end(more);
        if (more !== undefined) return answer(200, more);
        const items = lists[url.pathname];
        if (!items) return answer(404, { kind: "Status", code: 404 });
        const from = Number(url.searchParams.get("continue") ?? 0);
        const to = from + state.page;
        return answer(200, {
            metadata: to < items.length ? { continue: String(to) } : {},
            items: items.slice(from, to),
        });
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const dir = mkdtempSync(join(tmpdir(), "inspect-"));
    const kubeconfig = join(dir, "kubeconfig");
    writeFileSync(kubeconfig, JSON.stringify(config((server.address() as AddressInfo).port)));
    return Object.assign(state, { kubeconfig, stop: () => stop(server, dir) });
}

const config = (port: number) => ({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "fake",
    // There is no TLS to verify: the client wants to be told so before it speaks plain HTTP.
    clusters: [{ name: "fake", cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true } }],
    users: [{ name: "fake", user: {} }],
    contexts: [{ name: "fake", context: { cluster: "fake", user: "fake" } }],
});

async function readBody(request: IncomingMessage): Promise<unknown> {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    return JSON.parse(text);
}

async function stop(server: Server, dir: string): Promise<void> {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
    rmSync(dir, { recursive: true });
}
