import { UserError } from "@istio-on-pulumi/kube";
import type { ClusterSnapshot } from "../snapshot/snapshot";
import { readRules } from "./read";
import { nodeByHost, nodeOf, type RuleSource, type RuleText } from "./source";

/** A node's rules as text. */
export interface NodeRules {
    readonly text: string;
    /** For sentences: `the rules of cp-k8s`. */
    readonly source: string;
    /** The node that they are of, where it is known. */
    readonly node: string | undefined;
}

/**
 * Reads the rules of one of the cluster's nodes.
 *
 * @param named the node that they are of, where neither names nor addresses show it
 * @param reading the rules, where they are being read already
 * @throws UserError where they cannot be read, or where this machine was to be read and is no node
 */
export async function readNodeRules(
    snapshot: ClusterSnapshot,
    rules: RuleSource,
    named?: string,
    reading: Promise<RuleText> = readRules(rules),
): Promise<NodeRules> {
    const { text, source, hosts } = await reading;
    if (
        rules.kind === "local" &&
        named === undefined &&
        snapshot.nodes.length > 0 &&
        nodeByHost(snapshot, hosts) === undefined
    ) {
        throw new UserError(
            "This machine is none of the cluster's nodes " +
                `(${snapshot.nodes.map(({ metadata }) => metadata?.name).join(", ")}): read the rules of one with ` +
                "--ssh <host>, or a saved file with --rules <file>.",
        );
    }
    return { text, source, node: nodeOf(snapshot, hosts, named) };
}
