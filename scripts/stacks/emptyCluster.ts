import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * An API server on loopback that answers as an empty cluster does in which all is allowed: what a program must hear to
 * say what it would make there.
 *
 * @param namespaces those that it has
 * @returns its URL; it runs until the process ends
 */
export async function serveEmptyCluster(namespaces: readonly string[]): Promise<string> {
    const server = createServer((request, response) => {
        const { pathname } = new URL(request.url ?? "", "http://localhost");
        const body = request.method === "POST" ? GRANTED : answer(pathname, namespaces);
        response.writeHead(body === undefined ? 404 : body === FORBIDDEN ? 403 : 200, {
            "content-type": "application/json",
        });
        response.end(JSON.stringify(body ?? {}));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    server.unref();
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** To a review of access; to a dry run any answer without an error is a good one. */
const GRANTED = { status: { allowed: true } };
/** What may not be seen is not held against the cluster: which classes and load balancers it has is not known here. */
const FORBIDDEN = {};
const NODE = {
    metadata: { name: "node" },
    status: {
        addresses: [{ type: "InternalIP", address: "192.0.2.1" }],
        conditions: [{ type: "Ready", status: "True" }],
    },
};

function answer(path: string, namespaces: readonly string[]): object | undefined {
    switch (path) {
        case "/version":
            return { gitVersion: "v1.33.0" };
        case "/api/v1/nodes":
            return { items: [NODE] };
        case "/api/v1/services":
        case "/apis/storage.k8s.io/v1/storageclasses":
            return FORBIDDEN;
        default: {
            const name = /^\/api\/v1\/namespaces\/([^/]+)$/.exec(path)?.[1];
            const exists = name === "kube-system" || (name !== undefined && namespaces.includes(name));
            return exists ? { metadata: { name, uid: "00000000-0000-4000-8000-000000000000" } } : undefined;
        }
    }
}
