import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { stringify } from "yaml";

/** A new directory that ends with the test. */
export function temporaryDirectory(): string {
    const path = mkdtempSync(join(tmpdir(), "istio-on-pulumi-"));
    onTestFinished(() => rmSync(path, { recursive: true, force: true }));
    return path;
}

/**
 * The text of a kubeconfig with one cluster, context and user of each name.
 *
 * @param servers URL of each cluster by its name
 * @param current the current context; the first one unless named
 */
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
