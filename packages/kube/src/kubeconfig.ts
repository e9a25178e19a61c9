import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { reasonOf, UserError } from "./errors";
import {
    type ClusterEntry,
    type Kubeconfig,
    mergeKubeconfigs,
    parseKubeconfig,
    readKubeconfigFile,
    type UserEntry,
} from "./kubeconfig-file";

/** Which cluster is meant, as the user names it. */
export interface ClusterReference {
    /**
     * Path of a kubeconfig, `~/` allowed, or the text of one; `undefined` means $KUBECONFIG (several paths are
     * merged), else `~/.kube/config`.
     */
    readonly kubeconfig?: string;
    /** A context of it; `undefined` means its current context. */
    readonly context?: string;
}

/** How the user of a program names another kubeconfig or context: a command or an option, for the end of a sentence. */
export interface WaysToName {
    readonly kubeconfig: string;
    readonly context: string;
}

/** A context of a kubeconfig, with the cluster and the user that it names. */
export interface KubeconfigContext {
    readonly name: string;
    /** `The kubeconfig <path>`: begins sentences, and holds nothing that is secret. */
    readonly kubeconfig: string;
    readonly clusterName: string;
    readonly cluster: ClusterEntry;
    readonly userName: string;
    readonly user: UserEntry;
}

/**
 * Loads the kubeconfig by the same rules as kubectl and selects the context.
 *
 * @throws UserError where the file or the context does not exist
 */
export function loadContext(reference: ClusterReference, ways: WaysToName): KubeconfigContext {
    const { config, source } = load(reference, ways);
    const kubeconfig = `The kubeconfig ${source}`;
    if (config.contexts.size === 0) {
        throw new UserError(
            `There is no kubeconfig at ${source}, or it holds no context; name one with: ${ways.kubeconfig}`,
        );
    }
    const allowed = `allowed: ${[...config.contexts.keys()].join(", ")}. Choose one with: ${ways.context}`;
    const name = reference.context ?? config.currentContext;
    if (!name) throw new UserError(`${kubeconfig} has no current context; ${allowed}`);
    const context = config.contexts.get(name);
    if (!context) throw new UserError(`${kubeconfig} has no context ${JSON.stringify(name)}; ${allowed}`);
    const { cluster: clusterName = "", user: userName = "" } = context;
    const cluster = config.clusters.get(clusterName);
    if (!cluster) {
        throw new UserError(
            `Context ${JSON.stringify(name)} of the kubeconfig ${source} names a cluster that the file does ` +
                `not hold; repair the file or choose another with: ${ways.context}`,
        );
    }
    const user = config.users.get(userName);
    if (!user && userName !== "") {
        throw new UserError(
            `Context ${JSON.stringify(name)} of the kubeconfig ${source} names a user that the file does ` +
                `not hold; repair the file or choose another with: ${ways.context}`,
        );
    }
    return { name, kubeconfig, clusterName, cluster, userName, user: user ?? {} };
}

/** Whether a setting holds the text of a kubeconfig and not its path, as Pulumi's own provider takes both. */
export function isKubeconfigText(value: string): boolean {
    return /[\n\r]/.test(value.trim()) || /^\s*[{[]/.test(value) || /^\s*(apiVersion|kind|clusters):\s/.test(value);
}

/** Longer than a path that anybody types, shorter than a key: an encoded kubeconfig does not come back in an error. */
const LONGEST_SHOWN = 255;

function load({ kubeconfig }: ClusterReference, ways: WaysToName): { config: Kubeconfig; source: string } {
    // An empty $KUBECONFIG is an unset one, as for kubectl.
    let source = kubeconfig ?? (process.env.KUBECONFIG || "~/.kube/config");
    const text = kubeconfig !== undefined && isKubeconfigText(kubeconfig);
    try {
        if (text) {
            source = "that is given as text";
            return { config: parseKubeconfig(kubeconfig), source };
        }
        const files =
            kubeconfig === undefined
                ? source.split(delimiter).map(expandHome).filter(existsSync)
                : [expandHome(kubeconfig)];
        return { config: mergeKubeconfigs(files.map(readKubeconfigFile)), source };
    } catch (error) {
        if (source.length > LONGEST_SHOWN && kubeconfig !== undefined)
            throw new UserError(
                `The kubeconfig, a value of ${source.length} characters, is neither the path of a file that can be ` +
                    `read nor a kubeconfig's text (YAML or JSON); name another with: ${ways.kubeconfig}`,
            );
        throw new UserError(
            `The kubeconfig ${source} cannot be read (${reasonOf(error)}); name another with: ${ways.kubeconfig}`,
        );
    }
}

function expandHome(path: string): string {
    return path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;
}
