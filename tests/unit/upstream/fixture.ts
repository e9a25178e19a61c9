import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, onTestFinished, vi } from "vitest";
import { lockedFileOf } from "../../../upstream/generate-lock";
import type { Lock } from "../../../upstream/lock-format";

/** A small stand-in for the upstream trees, as they are before the release's edits; by lock path. */
export const TREE: Readonly<Record<string, string>> = {
    "gateway-api-v1.2.1/config/crd/kustomization.yaml": "resources: []\n",
    "istio-1.25.1/manifests/charts/base/Chart.yaml": "name: base\nversion: 1.0.0\nappVersion: 1.0.0\n",
    "istio-1.25.1/manifests/charts/base/templates/crds.yaml": "kind: CustomResourceDefinition\n",
    "istio-1.25.1/manifests/charts/base/values.yaml": "tag: latest\n",
    "istio-1.25.1/manifests/charts/istio-control/istio-discovery/Chart.yaml":
        "name: istiod\nversion: 1.0.0\nappVersion: 1.0.0\n",
    "istio-1.25.1/manifests/charts/istio-control/istio-discovery/values.yaml": [
        "_internal_defaults_do_not_set:",
        "  image: pilot",
        "  global:",
        "    hub: gcr.io/istio-testing",
        "    tag: latest",
        "    proxy: { image: proxyv2 }",
        "    proxy_init: { image: proxyv2 }",
        "",
    ].join("\n"),
    "istio-1.25.1/samples/addons/kiali.yaml": "kind: Pod\nspec: { containers: [{ image: quay.io/kiali/kiali:v2 }] }\n",
};

/** A path of the tree that no edit touches, and one whose edits change it. */
export const PLAIN = "istio-1.25.1/samples/addons/kiali.yaml";
export const EDITED = "istio-1.25.1/manifests/charts/base/Chart.yaml";
export const EDITED_TEXT = "name: base\nversion: 1.25.1\nappVersion: 1.25.1\n";

/** The lock of the tree; `baseUrl` is where it is served, below `/istio` and `/gateway-api`. */
export function lockOf(baseUrl = "http://127.0.0.1:1", tree = TREE): Lock {
    const module = { moduleVersion: "v1.0.0", moduleSum: "h1:zip=", moduleGoModSum: "h1:mod=" };
    return {
        trees: {
            "istio-1.25.1": { baseUrl: `${baseUrl}/istio`, module: "example.test/istio", ...module },
            "gateway-api-v1.2.1": { baseUrl: `${baseUrl}/gateway-api`, module: "example.test/gateway-api", ...module },
        },
        files: Object.fromEntries(
            Object.entries(tree).map(([path, text]) => [path, lockedFileOf(path, Buffer.from(text))]),
        ),
    };
}

/** A directory that is gone after the test. */
export function tempDir(): string {
    const dir = mkdtempSync(join(tmpdir(), "upstream-test-"));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    return dir;
}

/** Writes files below a directory. */
export function writeTree(dir: string, tree: Readonly<Record<string, string>>): void {
    for (const [path, text] of Object.entries(tree)) {
        mkdirSync(dirname(join(dir, path)), { recursive: true });
        writeFileSync(join(dir, path), text);
    }
}

/** All paths below a directory, folders included, sorted. */
export function listing(dir: string): string[] {
    return (readdirSync(dir, { recursive: true }) as string[]).sort();
}

/** Serves on loopback until the test is over; returns the base URL and the paths asked for so far. */
export async function serve(listener: RequestListener): Promise<{ url: string; requests: string[] }> {
    const requests: string[] = [];
    const server = createServer((request, response) => {
        requests.push(request.url ?? "");
        listener(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
        server.closeAllConnections();
        return new Promise<void>((resolve) => server.close(() => resolve()));
    });
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

/** The URL of a loopback port on which nothing listens. */
export async function unreachable(): Promise<string> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise<void>((resolve) => server.close(() => resolve()));
    return `http://127.0.0.1:${port}`;
}

/** Keeps the machine's own proxy, if it has one, out of a file's tests. */
export function withoutProxy(): void {
    beforeEach(() => {
        for (const name of ["HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"]) {
            vi.stubEnv(name, undefined);
            vi.stubEnv(name.toLowerCase(), undefined);
        }
    });
    afterEach(() => void vi.unstubAllEnvs());
}

/** Answers with the tree's files, as upstream does. */
export function upstreamOf(tree: Readonly<Record<string, string>> = TREE): RequestListener {
    return (request, response) => {
        const path = (request.url ?? "")
            .replace(/^\/istio\//, "istio-1.25.1/")
            .replace(/^\/gateway-api\//, "gateway-api-v1.2.1/");
        const text = tree[path];
        response.writeHead(text === undefined ? 404 : 200).end(text);
    };
}

/** The message that a promise fails with. */
export async function failureOf(promise: Promise<unknown>): Promise<string> {
    const outcome = await promise.then(
        () => undefined,
        (error: unknown) => error,
    );
    if (!(outcome instanceof Error)) throw new Error("expected a failure, but it succeeded");
    return `${outcome.name}: ${outcome.message}`;
}
