/** Reads kubeconfigs: from a path, from their contents, or the user's own; and picks the cluster to talk to. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { parse } from "yaml";

/** The parts of a kubeconfig that select a cluster, by name. */
export interface Kubeconfig {
    currentContext: string;
    clusters: Record<string, ClusterEntry>;
    contexts: Record<string, { cluster?: string; user?: string; namespace?: string }>;
    users: Record<string, UserEntry>;
}

export interface ClusterEntry {
    server?: string;
    "certificate-authority"?: string;
    "certificate-authority-data"?: string;
    "insecure-skip-tls-verify"?: boolean;
    "tls-server-name"?: string;
}

export interface UserEntry {
    "client-certificate"?: string;
    "client-certificate-data"?: string;
    "client-key"?: string;
    "client-key-data"?: string;
    token?: string;
    tokenFile?: string;
    username?: string;
    password?: string;
    exec?: unknown;
    "auth-provider"?: unknown;
}

/** What the program's provider arguments override. */
export interface Selection {
    context?: string;
    cluster?: string;
}

export interface Selected {
    cluster: ClusterEntry;
    user: UserEntry;
    context: string;
    /** the namespace of the context, if it names one */
    namespace?: string;
}

/**
 * @param pathOrContents a file's path (`~` is the home folder) or a kubeconfig as YAML or JSON
 * @throws Error when it is neither
 */
export function readKubeconfig(pathOrContents: string): Kubeconfig {
    const path = pathOrContents.replace(/^~(?=$|\/)/, homedir());
    if (isFile(path)) return parseKubeconfig(readFileSync(path, "utf8"), dirname(resolve(path)));
    return parseKubeconfig(pathOrContents, process.cwd());
}

/** The user's own: the files that KUBECONFIG lists, else ~/.kube/config. The first to say something wins. */
export function ambientKubeconfig(env: NodeJS.ProcessEnv = process.env): Kubeconfig {
    const paths = env["KUBECONFIG"]?.split(delimiter).filter(Boolean) ?? [join(homedir(), ".kube", "config")];
    const merged = emptyKubeconfig();
    for (const path of paths.filter(isFile)) {
        const next = parseKubeconfig(readFileSync(path, "utf8"), dirname(resolve(path)));
        merged.currentContext ||= next.currentContext;
        merged.clusters = { ...next.clusters, ...merged.clusters };
        merged.contexts = { ...next.contexts, ...merged.contexts };
        merged.users = { ...next.users, ...merged.users };
    }
    return merged;
}

export function emptyKubeconfig(): Kubeconfig {
    return { currentContext: "", clusters: {}, contexts: {}, users: {} };
}

/** @throws Error when the context, its cluster or its user does not exist */
export function select(config: Kubeconfig, selection: Selection): Selected {
    const name = selection.context || config.currentContext;
    if (!name && Object.keys(config.clusters).length === 0) {
        throw new Error("invalid configuration: no configuration has been provided, and there is no kubeconfig to read");
    }
    const context = config.contexts[name];
    if (!context) throw new Error(`context "${name}" does not exist`);
    const clusterName = selection.cluster || context.cluster || "";
    const cluster = config.clusters[clusterName];
    if (!cluster?.server) throw new Error(`cluster "${clusterName}" does not exist`);
    const user = context.user ? config.users[context.user] : {};
    if (!user) throw new Error(`auth info "${context.user}" does not exist`);
    return { cluster, user, context: name, ...(context.namespace ? { namespace: context.namespace } : {}) };
}

function parseKubeconfig(contents: string, folder: string): Kubeconfig {
    const raw = parse(contents) as RawKubeconfig | string | null;
    if (typeof raw !== "object" || raw === null) {
        throw new Error("couldn't get version/kind; json parse error: neither a file's path nor a kubeconfig");
    }
    const config = emptyKubeconfig();
    config.currentContext = raw["current-context"] ?? "";
    for (const { name, cluster } of raw.clusters ?? []) {
        config.clusters[name] = absolute(cluster ?? {}, folder, ["certificate-authority"]);
    }
    for (const { name, context } of raw.contexts ?? []) config.contexts[name] = context ?? {};
    for (const { name, user } of raw.users ?? []) {
        config.users[name] = absolute(user ?? {}, folder, ["client-certificate", "client-key", "tokenFile"]);
    }
    return config;
}

interface RawKubeconfig {
    "current-context"?: string;
    clusters?: { name: string; cluster?: ClusterEntry }[];
    contexts?: { name: string; context?: Kubeconfig["contexts"][string] }[];
    users?: { name: string; user?: UserEntry }[];
}

/** Paths in a kubeconfig are relative to its own folder. */
function absolute<T extends object>(entry: T, folder: string, fields: (keyof T)[]): T {
    const result = { ...entry };
    for (const field of fields) {
        const path = result[field];
        if (typeof path === "string" && path) result[field] = resolve(folder, path) as T[keyof T];
    }
    return result;
}

function isFile(path: string): boolean {
    return existsSync(path) && statSync(path).isFile();
}
