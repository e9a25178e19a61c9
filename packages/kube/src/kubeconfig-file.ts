import { readFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { parseDocument } from "yaml";
import { z } from "zod";
import { plainValue } from "./yaml";

/** A field that may be left out, or be null, which tools write for one that is left out. */
const optional = <T extends z.ZodType>(type: T) =>
    type
        .nullish()
        .transform((value) => value ?? undefined)
        .optional();
const text = optional(z.string());
const texts = optional(z.array(z.string()));

/** A cluster as a kubeconfig writes it. */
const clusterEntry = z.object({
    server: text,
    "certificate-authority": text,
    "certificate-authority-data": text,
    "insecure-skip-tls-verify": optional(z.boolean()),
    "tls-server-name": text,
    "proxy-url": text,
    extensions: optional(z.array(z.object({ name: text, extension: z.unknown() }))),
});

/** A command that logs the user in, as a kubeconfig writes it. */
const execEntry = z.object({
    apiVersion: text,
    command: text,
    args: texts,
    env: optional(z.array(z.object({ name: z.string(), value: text }))),
    installHint: text,
    interactiveMode: text,
    provideClusterInfo: optional(z.boolean()),
});

/** A user as a kubeconfig writes it. */
const userEntry = z.object({
    "client-certificate": text,
    "client-certificate-data": text,
    "client-key": text,
    "client-key-data": text,
    token: text,
    tokenFile: text,
    username: text,
    password: text,
    as: text,
    "as-uid": text,
    "as-groups": texts,
    "as-user-extra": optional(z.record(z.string(), z.array(z.string()))),
    exec: optional(execEntry),
    "auth-provider": optional(z.object({ name: text, config: optional(z.record(z.string(), z.string())) })),
});

const contextEntry = z.object({ cluster: text, user: text });

const kubeconfig = z.object({
    clusters: optional(z.array(z.object({ name: text, cluster: optional(clusterEntry) }))),
    contexts: optional(z.array(z.object({ name: text, context: optional(contextEntry) }))),
    users: optional(z.array(z.object({ name: text, user: optional(userEntry) }))),
    "current-context": text,
});

export type ClusterEntry = z.infer<typeof clusterEntry>;
export type ExecEntry = z.infer<typeof execEntry>;
export type UserEntry = z.infer<typeof userEntry>;
type ContextEntry = z.infer<typeof contextEntry>;

/** What kubeconfigs hold, by name; of two of one name the first counts, as for kubectl. */
export interface Kubeconfig {
    readonly clusters: ReadonlyMap<string, ClusterEntry>;
    readonly contexts: ReadonlyMap<string, ContextEntry>;
    readonly users: ReadonlyMap<string, UserEntry>;
    readonly currentContext?: string;
}

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
    const { data, error } = kubeconfig.safeParse(plainValue(document) ?? {});
    if (error) throw new Error(complaintOf(error.issues[0]!));
    const absolute = (path: string | undefined) => path && resolve(directory, path);
    return {
        clusters: byName(data.clusters, ({ cluster = {} }) => ({
            ...cluster,
            "certificate-authority": absolute(cluster["certificate-authority"]),
        })),
        contexts: byName(data.contexts, ({ context = {} }) => context),
        users: byName(data.users, ({ user = {} }) => ({
            ...user,
            "client-certificate": absolute(user["client-certificate"]),
            "client-key": absolute(user["client-key"]),
            tokenFile: absolute(user.tokenFile),
            exec: user.exec && { ...user.exec, command: locateCommand(user.exec.command, directory) },
        })),
        currentContext: data["current-context"],
    };
}

/** Where a field is of another type, and of which it must be: `users[0].user.token is no string`. */
function complaintOf({ path, ...issue }: z.core.$ZodIssue): string {
    const place = path.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`)).join("");
    const expected = "expected" in issue ? issue.expected : "value that is allowed";
    const hint = expected === "string" ? "; put it in quotes" : "";
    return `${place.replace(/^\./, "") || "all of it"} is no ${expected}${hint}`;
}

/** What an earlier one says counts, as for kubectl. */
export function mergeKubeconfigs(configs: readonly Kubeconfig[]): Kubeconfig {
    return {
        clusters: firstOfEachName(configs.flatMap(({ clusters }) => [...clusters])),
        contexts: firstOfEachName(configs.flatMap(({ contexts }) => [...contexts])),
        users: firstOfEachName(configs.flatMap(({ users }) => [...users])),
        currentContext: configs.map(({ currentContext }) => currentContext).find(Boolean),
    };
}

function byName<Item extends { name?: string }, Entry>(
    items: readonly Item[] = [],
    entryOf: (item: Item) => Entry,
): Map<string, Entry> {
    return firstOfEachName(items.map((item) => [item.name ?? "", entryOf(item)]));
}

function firstOfEachName<Entry>(entries: readonly (readonly [string, Entry])[]): Map<string, Entry> {
    const first = new Map<string, Entry>();
    for (const [name, entry] of entries) if (!first.has(name)) first.set(name, entry);
    return first;
}

/** A relative command with a directory is meant from the kubeconfig; a bare name is looked up in the PATH. */
const locateCommand = (command: string | undefined, directory: string) =>
    command && basename(command) !== command ? resolve(directory, command) : command;
