import type { RequestOptions } from "node:https";
import { readFileSync } from "node:fs";
import type { Kubeconfig, Selected } from "./kubeconfig";

/** What to hand to node's https module, and the headers to send, to be who the kubeconfig says. */
export interface Credentials {
    tls: Pick<RequestOptions, "ca" | "cert" | "key" | "rejectUnauthorized" | "servername">;
    headers: Record<string, string>;
}

/**
 * Certificates, tokens and passwords are read here; what needs a command or an identity provider is left to the
 * Kubernetes client library, which takes half a second to load.
 */
export async function credentials(config: Kubeconfig, selected: Selected): Promise<Credentials> {
    const { cluster, user } = selected;
    const tls: Credentials["tls"] = {
        ca: pem(cluster["certificate-authority-data"], cluster["certificate-authority"]),
        cert: pem(user["client-certificate-data"], user["client-certificate"]),
        key: pem(user["client-key-data"], user["client-key"]),
        rejectUnauthorized: cluster["insecure-skip-tls-verify"] !== true,
        ...(cluster["tls-server-name"] ? { servername: cluster["tls-server-name"] } : {}),
    };
    if (user.exec || user["auth-provider"]) return byLibrary(config, selected, tls);
    return { tls, headers: authorization(user) };
}

function authorization(user: Selected["user"]): Record<string, string> {
    const token = user.token ?? (user.tokenFile ? readFileSync(user.tokenFile, "utf8").trim() : undefined);
    if (token) return { authorization: `Bearer ${token}` };
    if (user.username) {
        const pair = Buffer.from(`${user.username}:${user.password ?? ""}`).toString("base64");
        return { authorization: `Basic ${pair}` };
    }
    return {};
}

async function byLibrary(config: Kubeconfig, selected: Selected, tls: Credentials["tls"]): Promise<Credentials> {
    const { KubeConfig } = await import("@kubernetes/client-node");
    const entry = (entries: object, field: string): object[] =>
        Object.entries(entries).map(([name, value]) => ({ name, [field]: value as object }));
    const library = new KubeConfig();
    library.loadFromString(
        JSON.stringify({
            clusters: entry(config.clusters, "cluster"),
            contexts: entry(config.contexts, "context"),
            users: entry(config.users, "user"),
            "current-context": selected.context,
        }),
    );
    const options: RequestOptions = { headers: {} };
    await library.applyToHTTPSOptions(options);
    return {
        tls: { ...tls, cert: options.cert ?? tls.cert, key: options.key ?? tls.key },
        headers: lowerCased(options.headers as Record<string, string>),
    };
}

function lowerCased(headers: Record<string, string>): Record<string, string> {
    return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function pem(data: string | undefined, path: string | undefined): Buffer | undefined {
    if (data) return Buffer.from(data, "base64");
    return path ? readFileSync(path) : undefined;
}
