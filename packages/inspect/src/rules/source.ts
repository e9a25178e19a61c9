import { canonical } from "../nat";
import type { ClusterSnapshot } from "../snapshot/snapshot";

/** Where a node's rules come from. */
export type RuleSource =
    /** This machine. */
    | { readonly kind: "local" }
    /** A node, by the `ssh` client. */
    | {
          readonly kind: "ssh";
          readonly target: string;
          readonly port?: number;
          readonly identity?: string;
          readonly knownHosts?: string;
          readonly sudo?: boolean;
      }
    /**
     * What `iptables-save` or `nft -j list ruleset` printed before; several files are read as one, and `-` is standard
     * input.
     */
    | { readonly kind: "file"; readonly files: readonly string[] };

/** Rules as text, ready to be parsed. */
export interface RuleText {
    readonly text: string;
    /** For sentences: `the rules of cp-k8s`. */
    readonly source: string;
    /** Host names and addresses of the machine, as far as they are known. */
    readonly hosts: readonly string[];
}

/** The node with one of these names or addresses. */
export function nodeByHost({ nodes }: ClusterSnapshot, hosts: readonly string[]): string | undefined {
    const found = nodes.find(({ metadata, status }) => {
        const names = [metadata?.name, ...(status?.addresses ?? []).map(({ address }) => address)].filter(
            (name) => name !== undefined,
        );
        return names.some((name) => hosts.includes(name) || hosts.includes(canonical(name)));
    });
    return found?.metadata?.name;
}

/** The node that rules are of: the one named, the one with such a name or address, or the only one. */
export function nodeOf(snapshot: ClusterSnapshot, hosts: readonly string[], named?: string): string | undefined {
    return (
        named ??
        nodeByHost(snapshot, hosts) ??
        (snapshot.nodes.length === 1 ? snapshot.nodes[0]!.metadata?.name : undefined)
    );
}
