import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import type { KubeConfig } from "@kubernetes/client-node";
import { UserError } from "./errors";
import type { ClusterReference, WaysToName } from "./kubeconfig";

/**
 * Loads the kubeconfig by the same rules as kubectl and selects the context.
 *
 * @throws UserError where the file or the context does not exist
 */
export async function loadKubeconfig(reference: ClusterReference, ways: WaysToName): Promise<KubeConfig> {
    const { KubeConfig: Loader } = await import("@kubernetes/client-node");
    // An empty $KUBECONFIG is an unset one, as for kubectl.
    const source = reference.kubeconfig ?? (process.env.KUBECONFIG || "~/.kube/config");
    const files =
        reference.kubeconfig === undefined
            ? source.split(delimiter).map(expandHome).filter(existsSync)
            : [expandHome(source)];
    let config: KubeConfig;
    try {
        config = merge(
            new Loader(),
            files.map((file) => loadFile(new Loader(), file)),
        );
    } catch (error) {
        const reason = (error as Error).message.split("\n")[0];
        throw new UserError(
            `The kubeconfig ${source} cannot be read (${reason}); name another with: ${ways.kubeconfig}`,
        );
    }
    if (config.contexts.length === 0) {
        throw new UserError(
            `There is no kubeconfig at ${source}, or it holds no context; name one with: ${ways.kubeconfig}`,
        );
    }
    const names = config.contexts.map((context) => context.name);
    const wanted = reference.context ?? config.currentContext;
    if (!wanted) {
        throw new UserError(
            `The kubeconfig ${source} has no current context; allowed: ${names.join(", ")}. Choose one with: ` +
                `${ways.context}`,
        );
    }
    if (!names.includes(wanted)) {
        throw new UserError(
            `The kubeconfig ${source} has no context ${JSON.stringify(wanted)}; allowed: ${names.join(", ")}. ` +
                `Choose one with: ${ways.context}`,
        );
    }
    config.setCurrentContext(wanted);
    if (config.getCurrentCluster() === null) {
        throw new UserError(
            `Context ${JSON.stringify(wanted)} of the kubeconfig ${source} names a cluster that the file does ` +
                `not hold; repair the file or choose another with: ${ways.context}`,
        );
    }
    return config;
}

/** An empty file is an empty kubeconfig. */
function loadFile(config: KubeConfig, file: string): KubeConfig {
    if (readFileSync(file, "utf8").trim() !== "") {
        config.loadFromFile(file);
    }
    return config;
}

/**
 * What an earlier file says counts, as for kubectl: the library's own merge takes the last current context, which is
 * another cluster.
 */
function merge(merged: KubeConfig, configs: readonly KubeConfig[]): KubeConfig {
    merged.loadFromOptions({
        clusters: firstOfEachName(configs.flatMap((config) => config.clusters)),
        contexts: firstOfEachName(configs.flatMap((config) => config.contexts)),
        users: firstOfEachName(configs.flatMap((config) => config.users)),
        currentContext: configs.map((config) => config.currentContext).find(Boolean),
    });
    return merged;
}

function firstOfEachName<T extends { readonly name: string }>(items: readonly T[]): T[] {
    return items.filter((item, index) => items.findIndex(({ name }) => name === item.name) === index);
}

function expandHome(path: string): string {
    return path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;
}
