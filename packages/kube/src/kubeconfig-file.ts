import { readFileSync } from "node:fs";
import { basename, dirname, isAbsolute, join } from "node:path";
import { type Document, parseDocument } from "yaml";

/** A cluster as a kubeconfig writes it. */
export interface ClusterEntry {
    readonly server?: string;
    readonly "certificate-authority"?: string;
    readonly "certificate-authority-data"?: string;
    readonly "insecure-skip-tls-verify"?: boolean;
    readonly "tls-server-name"?: string;
    readonly "proxy-url"?: string;
    readonly extensions?: readonly { readonly name?: string; readonly extension?: unknown }[];
}

/** A command that logs the user in, as a kubeconfig writes it. */
export interface ExecEntry {
    readonly apiVersion?: string;
    readonly command?: string;
    readonly args?: readonly string[];
    readonly env?: readonly { readonly name: string; readonly value: string }[];
    readonly installHint?: string;
    readonly interactiveMode?: string;
    readonly provideClusterInfo?: boolean;
}

/** A user as a kubeconfig writes it. */
export interface UserEntry {
    readonly "client-certificate"?: string;
    readonly "client-certificate-data"?: string;
    readonly "client-key"?: string;
    readonly "client-key-data"?: string;
    readonly token?: string;
    readonly tokenFile?: string;
    readonly username?: string;
    readonly password?: string;
    readonly as?: string;
    readonly "as-uid"?: string;
    readonly "as-groups"?: readonly string[];
    readonly "as-user-extra"?: Readonly<Record<string, readonly string[]>>;
    readonly exec?: ExecEntry;
    readonly "auth-provider"?: { readonly name?: string; readonly config?: Readonly<Record<string, string>> };
}

interface ContextEntry {
    readonly cluster?: string;
    readonly user?: string;
}

/** What kubeconfigs hold, by name; of two of one name the first counts, as for kubectl. */
export interface Kubeconfig {
    readonly clusters: ReadonlyMap<string, ClusterEntry>;
    readonly contexts: ReadonlyMap<string, ContextEntry>;
    readonly users: ReadonlyMap<string, UserEntry>;
    readonly currentContext?: string;
}

/** Fields that name a file; a relative one is meant from the kubeconfig's directory. */
const CLUSTER_FILES = ["certificate-authority"] as const;
const USER_FILES = ["client-certificate", "client-key", "tokenFile"] as const;

/** Reads a file; an empty one is an empty kubeconfig. */
export function readKubeconfigFile(path: string): Kubeconfig {
    return parseKubeconfig(readFileSync(path, "utf8"), dirname(path));
}

/**
 * Reads the text of a kubeconfig, YAML or JSON. What it throws names places and fields, never what stands there: that
 * may be a key.
 *
 * @param directory where relative paths begin
 */
export function parseKubeconfig(text: string, directory = ""): Kubeconfig {
    const document = parseDocument(text, { prettyErrors: true, uniqueKeys: false, merge: true, logLevel: "silent" });
    const [broken] = document.errors;
    if (broken) {
        const { line, col } = broken.linePos?.[0] ?? { line: 1, col: 1 };
        throw new Error(`no YAML at line ${line}, column ${col}`);
    }
    const root = fieldsOf(plainOf(document) ?? {}, "it");
    return {
        clusters: named<ClusterEntry>(root.clusters, "cluster", (entry) => locate(entry, CLUSTER_FILES, directory)),
        contexts: named<ContextEntry>(root.contexts, "context", (entry) => entry),
        users: named<UserEntry>(root.users, "user", (entry) =>
            locateCommand(locate(entry, USER_FILES, directory), directory),
        ),
        currentContext: textOf(root["current-context"], "current-context"),
    };
}

/** The library's own complaint about an alias repeats it. */
function plainOf(document: Document): unknown {
    try {
        return document.toJS();
    } catch {
        throw new Error("an alias in it (*) has no anchor (&) before it, or there are too many");
    }
}

/** What an earlier one says counts, as for kubectl. */
export function mergeKubeconfigs(configs: readonly Kubeconfig[]): Kubeconfig {
    const backwards = configs.toReversed();
    return {
        clusters: new Map(backwards.flatMap(({ clusters }) => [...clusters])),
        contexts: new Map(
            // The order is what a list of the allowed ones shows.
            configs.flatMap(({ contexts }) => [...contexts]).map(([name]) => [name, firstContext(configs, name)]),
        ),
        users: new Map(backwards.flatMap(({ users }) => [...users])),
        currentContext: configs.map(({ currentContext }) => currentContext).find(Boolean),
    };
}

const firstContext = (configs: readonly Kubeconfig[], name: string): ContextEntry =>
    configs.map(({ contexts }) => contexts.get(name)).find((entry) => entry !== undefined)!;

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown, what: string): Fields {
    if (typeof value !== "object" || value === null || Array.isArray(value))
        throw new Error(`${what} is no mapping of fields to values`);
    return value as Fields;
}

function textOf(value: unknown, what: string): string | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value !== "string") throw new Error(`${what} is no text; put it in quotes`);
    return value;
}

/** The entries of a list such as `users`, each `{ name, user: {...} }`. */
function named<T>(list: unknown, kind: string, complete: (entry: Fields) => T): Map<string, T> {
    const entries = new Map<string, T>();
    if (list === undefined || list === null) return entries;
    if (!Array.isArray(list)) throw new Error(`${kind}s is no list`);
    for (const [index, item] of (list as unknown[]).entries()) {
        const place = `${kind}s[${index}]`;
        const fields = fieldsOf(item, place);
        const name = textOf(fields.name, `${place}.name`) ?? "";
        const entry = fieldsOf(fields[kind] ?? {}, `${place}.${kind}`);
        for (const [field, value] of Object.entries(entry))
            if (!STRUCTURED.has(field)) textOf(value, `${place}.${kind}.${field}`);
        if (!entries.has(name)) entries.set(name, complete(entry));
    }
    return entries;
}

/** Fields that are no text. */
const STRUCTURED = new Set([
    "insecure-skip-tls-verify",
    "disable-compression",
    "extensions",
    "exec",
    "auth-provider",
    "as-groups",
    "as-user-extra",
]);

function locate(entry: Fields, files: readonly string[], directory: string): Fields {
    const located = Object.fromEntries(
        files.filter((field) => entry[field]).map((field) => [field, from(directory, entry[field] as string)]),
    );
    return { ...entry, ...located };
}

/** A relative command with a directory is meant from the kubeconfig; a bare name is looked up in the PATH. */
function locateCommand(entry: UserEntry, directory: string): UserEntry {
    const command = entry.exec?.command;
    return typeof command === "string" && basename(command) !== command
        ? { ...entry, exec: { ...entry.exec, command: from(directory, command) } }
        : entry;
}

const from = (directory: string, path: string) => (isAbsolute(path) ? path : join(directory, path));
