import { type ClusterClient, UserError } from "@istio-on-pulumi/kube";

/** Host names or IP addresses at which users reach node ports, by the family of a Service's address. */
export type NodeHosts = Readonly<Partial<Record<"IPv4" | "IPv6", string>>>;

interface Node {
    metadata: { deletionTimestamp?: string };
    status?: {
        addresses?: { type: string; address: string }[];
        conditions?: { type: string; status: string }[];
    };
}

interface NodePage {
    metadata?: { continue?: string };
    items: Node[];
}

/**
 * The hosts of the node ports: the configured one, else the addresses of a node that is ready and stays.
 *
 * Nodes are read a few at a time until one is found, so that the cost does not grow with the cluster.
 * @throws UserError where no host is configured and no such node can be seen
 */
export async function readNodeHosts(client: ClusterClient, configured: string | undefined): Promise<NodeHosts> {
    if (configured !== undefined) return { IPv4: configured, IPv6: configured };
    let next = "";
    do {
        const page = await client.get<NodePage>(`/api/v1/nodes?limit=20${next && `&continue=${next}`}`, {
            absent: [403],
        });
        const hosts = page?.items.filter(isUsable).map(hostsOf).find(hasAny);
        if (hosts !== undefined) return hosts;
        next = encodeURIComponent(page?.metadata?.continue ?? "");
    } while (next !== "");
    throw new UserError(
        `${client.where} shows this user no ready node with an address, so node ports have no URL; ` +
            "name a host with: pulumi config set --path cluster.nodeHost <host>",
    );
}

function isUsable({ metadata, status }: Node): boolean {
    const ready = status?.conditions?.find(({ type }) => type === "Ready");
    return metadata.deletionTimestamp === undefined && ready?.status === "True";
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
