import { type ClusterClient, UserError } from "@istio-on-pulumi/kube";
import { isReady, type Node, readNodePages } from "./nodes";

/** Host names or IP addresses at which users reach node ports, by the family of a Service's address. */
export type NodeHosts = Readonly<Partial<Record<"IPv4" | "IPv6", string>>>;

/**
 * The hosts of the node ports: the configured one, else the addresses of a node that is ready and stays.
 *
 * Nodes are read a few at a time until one is found, so that the cost does not grow with the cluster.
 * @throws UserError where no host is configured and no such node can be seen
 */
export async function readNodeHosts(client: ClusterClient, configured: string | undefined): Promise<NodeHosts> {
    if (configured !== undefined) return { IPv4: configured, IPv6: configured };
    for await (const nodes of readNodePages(client, 20)) {
        const hosts = nodes?.filter(isUsable).map(hostsOf).find(hasAny);
        if (hosts !== undefined) return hosts;
    }
    throw new UserError(
        `${client.where} shows this user no ready node with an address, so node ports have no URL; ` +
            "name a host with: pulumi config set --path cluster.nodeHost <host>",
    );
}

function isUsable(node: Node): boolean {
    return node.metadata.deletionTimestamp === undefined && isReady(node);
}

/** An ExternalIP is meant for users outside; on machines of one's own there is often an InternalIP only. */
function hostsOf({ status }: Node): NodeHosts {
    const ordered = ["ExternalIP", "InternalIP"].flatMap((type) =>
        (status?.addresses ?? []).filter((each) => each.type === type).map(({ address }) => address),
    );
    return {
        IPv4: ordered.find((address) => !address.includes(":")),
        IPv6: ordered.find((address) => address.includes(":")),
    };
}

function hasAny({ IPv4, IPv6 }: NodeHosts): boolean {
    return IPv4 !== undefined || IPv6 !== undefined;
}
