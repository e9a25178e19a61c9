import { Secret, Unknown, isProps, reveal, type Props } from "../../rpc/values";
import { emptyKubeconfig, readKubeconfig, type ClusterEntry, type Kubeconfig } from "../cluster/kubeconfig";
import { equal } from "../object/tree";

export interface ConfigDiff {
    /** provider arguments that changed */
    diffs: string[];
    /** those among them that make every resource of the provider a new one */
    replaces: string[];
}

/**
 * Compares a provider's arguments. Another active cluster in the kubeconfig replaces everything, unless
 * clusterIdentifier is set: then only its own change does.
 * @throws Error when a kubeconfig cannot be read
 */
export function diffConfig(olds: Props, news: Props): ConfigDiff {
    const changed = changedKeys(olds, news);
    if (changed.length === 0) return { diffs: [], replaces: [] };

    const identifierKept = "clusterIdentifier" in news && equal(olds["clusterIdentifier"], news["clusterIdentifier"]);
    const replaces: string[] = [];
    if (!identifierKept && "clusterIdentifier" in olds && "clusterIdentifier" in news) replaces.push("clusterIdentifier");

    // Not yet known may be another cluster.
    const unknown = ["kubeconfig", "context", "cluster"].find((key) => reveal(news[key]) instanceof Unknown);
    if (unknown) return { diffs: [unknown], replaces: identifierKept ? [] : [...replaces, unknown] };

    if (changed.includes("renderYamlToDirectory")) replaces.push("renderYamlToDirectory");
    const oldCluster = activeCluster(olds);
    const newCluster = activeCluster(news);
    if (oldCluster && newCluster && !equal(oldCluster, newCluster)) {
        replaces.push(...["kubeconfig", "context", "cluster"].filter((key) => changed.includes(key)));
    }
    return { diffs: changed, replaces: identifierKept ? [] : replaces };
}

function changedKeys(olds: Props, news: Props): string[] {
    const keys = new Set([...Object.keys(olds), ...Object.keys(news)]);
    return [...keys].filter((key) => !equal(reveal(olds[key] ?? null), reveal(news[key] ?? null))).sort();
}

/** The cluster entry that the arguments select, undefined when nothing says which. */
function activeCluster(props: Props): ClusterEntry | undefined {
    const config = kubeconfigOf(props["kubeconfig"]);
    const context = config.contexts[textOf(props["context"]) ?? config.currentContext];
    const cluster = context && config.clusters[textOf(props["cluster"]) ?? context.cluster ?? ""];
    return cluster && { ...cluster };
}

function kubeconfigOf(value: unknown): Kubeconfig {
    const plain = value instanceof Secret ? value.value : value;
    if (isProps(plain)) return readKubeconfig(JSON.stringify(plain));
    if (plain === undefined || plain === null || plain === "") return emptyKubeconfig();
    if (typeof plain !== "string") throw new Error(`unexpected kubeconfig format, type: ${typeof plain}`);
    try {
        return readKubeconfig(plain);
    } catch (error) {
        throw new Error(`failed to parse kubeconfig: ${(error as Error).message}`);
    }
}

function textOf(value: unknown): string | undefined {
    const plain = reveal(value);
    return typeof plain === "string" ? plain : undefined;
}
