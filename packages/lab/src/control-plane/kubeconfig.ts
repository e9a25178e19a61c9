import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { API_SERVER } from "./addresses";
import type { LeafName, Pki } from "./pki";

/** Name of cluster, user and context in every kubeconfig of the lab. */
export const CONTEXT = "lab";

/** Writes a kubeconfig that holds its certificates, so that it can be copied; for its owner only. JSON is YAML. */
export function writeKubeconfig(file: string, pki: Pki, user: LeafName): void {
    const base64 = (pem: string) => Buffer.from(pem).toString("base64");
    const config = {
        apiVersion: "v1",
        kind: "Config",
        clusters: [
            {
                name: CONTEXT,
                cluster: { server: API_SERVER, "certificate-authority-data": base64(pki.pem("ca", "crt")) },
            },
        ],
        users: [
            {
                name: CONTEXT,
                user: {
                    "client-certificate-data": base64(pki.pem(user, "crt")),
                    "client-key-data": base64(pki.pem(user, "key")),
                },
            },
        ],
        contexts: [{ name: CONTEXT, context: { cluster: CONTEXT, user: CONTEXT } }],
        "current-context": CONTEXT,
    };
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
}
