import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { stringify } from "yaml";

/** What the API server says to a GET: a body, or a status with the API's own error body; `silence` never answers. */
export type Reply = { readonly body: object } | { readonly status: number } | "silence";

/** A loopback server that knows the few endpoints which the program looks at. It ends with the test. */
export interface ApiServer {
    readonly url: string;
    /** Paths asked for, in their order. */
    readonly asked: string[];
    /** Headers of the last request. */
    headers: IncomingHttpHeaders;
    /** Resolves with the next request. */
    nextRequest(): Promise<void>;
}

export const VERSION = "/version";
export const NODES = "/api/v1/nodes";
export const STORAGE_CLASSES = "/apis/storage.k8s.io/v1/storageclasses";
export const crdPath = (name: string) => `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`;

const healthy: Readonly<Record<string, Reply>> = {
    [VERSION]: {
        body: {
            major: "1",
            minor: "33",
            gitVersion: "v1.33.1",
            gitCommit: "",
            gitTreeState: "",
            buildDate: "",
            goVersion: "",
            compiler: "",
            platform: "",
        },
    },
    [NODES]: { body: { apiVersion: "v1", kind: "NodeList", items: [] } },
    [STORAGE_CLASSES]: { body: { apiVersion: "storage.k8s.io/v1", kind: "StorageClassList", items: [] } },
};

/** Starts a server; what `replies` does not name is as in an empty cluster, and any other path is not found. */
export async function serveApi(replies: Readonly<Record<string, Reply>> = {}): Promise<ApiServer> {
    const all: Readonly<Record<string, Reply>> = { ...healthy, ...replies };
    let heard = () => {};
    const server = createServer((request, response) => {
        const path = request.url ?? "";
        api.asked.push(path);
        api.headers = request.headers;
        heard();
        const reply = all[path] ?? { status: 404 };
        if (reply === "silence") {
            return;
        }
        const { status, body } =
            "body" in reply ? { status: 200, ...reply } : { ...reply, body: failure(reply.status) };
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
        server.closeAllConnections();
        server.close();
    });
    const api: ApiServer = {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        asked: [],
        headers: {},
        nextRequest: () => new Promise((resolve) => (heard = resolve)),
    };
    return api;
}

function failure(code: number) {
    return { kind: "Status", apiVersion: "v1", status: "Failure", message: `it failed with ${code}`, code };
}

export function crd(name: string, versions: Readonly<Record<string, boolean>>, annotations?: object): Reply {
    const spec = {
        group: "",
        names: {},
        scope: "",
        versions: Object.entries(versions).map(([version, served]) => ({ name: version, served, storage: true })),
    };
    return {
        body: {
            apiVersion: "apiextensions.k8s.io/v1",
            kind: "CustomResourceDefinition",
            metadata: { name, annotations },
            spec,
        },
    };
}

/** A list of nodes; each has its addresses as pairs of type and address. */
export function nodes(...items: [name: string, ...addresses: [type: string, address: string][]][]): Reply {
    const list = items.map(([name, ...addresses]) => ({
        metadata: { name },
        status: { addresses: addresses.map(([type, address]) => ({ type, address })) },
    }));
    return { body: { apiVersion: "v1", kind: "NodeList", items: list } };
}

/** A list of storage classes; the value of each is its annotation `is-default-class`. */
export function storageClasses(items: Readonly<Record<string, string | undefined>>): Reply {
    const list = Object.entries(items).map(([name, isDefault]) => ({
        metadata: {
            name,
            annotations:
                isDefault === undefined ? undefined : { "storageclass.kubernetes.io/is-default-class": isDefault },
        },
        provisioner: "none",
    }));
    return { body: { apiVersion: "storage.k8s.io/v1", kind: "StorageClassList", items: list } };
}

/** A new directory that ends with the test. */
export function temporaryDirectory(): string {
    const path = mkdtempSync(join(tmpdir(), "istio-on-pulumi-"));
    onTestFinished(() => rmSync(path, { recursive: true, force: true }));
    return path;
}

/** The text of a kubeconfig with one cluster, context and user of each name; the first context is the current one unless `current` says otherwise. */
export function kubeconfigText(servers: Readonly<Record<string, string>>, current = Object.keys(servers)[0]): string {
    const names = Object.keys(servers);
    return stringify({
        apiVersion: "v1",
        kind: "Config",
        // The client speaks plain HTTP only where it may skip the verification of TLS.
        clusters: names.map((name) => ({
            name,
            cluster: { server: servers[name], "insecure-skip-tls-verify": servers[name]!.startsWith("http:") },
        })),
        contexts: names.map((name) => ({ name, context: { cluster: name, user: name } })),
        users: names.map((name) => ({ name, user: { token: `token-of-${name}` } })),
        "current-context": current,
    });
}

/** Writes a kubeconfig and returns its path. */
export function writeKubeconfig(text: string, directory = temporaryDirectory()): string {
    const path = join(directory, "kubeconfig");
    writeFileSync(path, text);
    return path;
}
