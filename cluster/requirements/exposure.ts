import { type ClusterClient, RefusedError } from "@istio-on-pulumi/kube";

/** A fixed node port that a setting asks for. */
export interface FixedPort {
    readonly setting: string;
    readonly port: number;
    /** The Service that is to have it, which may have it already. */
    readonly service: string;
    readonly namespace: string;
}

interface Service {
    metadata: { name: string; namespace: string; creationTimestamp?: string };
    spec: { ports?: { nodePort?: number }[]; loadBalancerClass?: string };
    status?: { loadBalancer?: { ingress?: object[] } };
}

/**
 * Says why a node port cannot be had: the API server is asked to give it, in a dry run in the Service's namespace, or
 * in `default` where that is not there yet.
 */
export async function refusedPort(
    client: ClusterClient,
    fixed: FixedPort,
    exists: (namespace: string) => boolean,
): Promise<string[]> {
    const { setting, port, service, namespace } = fixed;
    const path = `/api/v1/namespaces/${namespace}/services/${service}`;
    const held = await client.get<Service>(path, { absent: [404] });
    if (held?.spec.ports?.some(({ nodePort }) => nodePort === port)) return [];
    const change =
        `choose another with: pulumi config set --path ${setting} <port>, ` +
        `or let Kubernetes choose with: pulumi config rm --path ${setting}`;
    if (!isInRange(port, DEFAULT_RANGE) && !(await isInWiderRange(client, port))) {
        return [
            `node port ${port} cannot be had: the range of node ports is ${DEFAULT_RANGE.join("-")}, as far as the API ` +
                `server's pods and the Services' ports tell; ${change}`,
        ];
    }
    const tried = exists(namespace) ? namespace : "default";
    const { status, body } = await client.post(`/api/v1/namespaces/${tried}/services?dryRun=All`, {
        apiVersion: "v1",
        kind: "Service",
        metadata: { generateName: "node-port-" },
        spec: { type: "NodePort", ports: [{ name: "http", port: 80, nodePort: port }] },
    });
    const said = (body as { message?: string }).message ?? "";
    // Any other refusal is not about the port.
    if (status < 400 || !said.includes("nodePort")) return [];
    const why = /nodePort: \S+ value: \d+: (.*)$/.exec(said)?.[1] ?? said;
    return [`node port ${port} cannot be had: ${why}; ${change}`];
}

type PortRange = readonly [first: number, last: number];

/** The API server's own, unless `--service-node-port-range` says otherwise. */
const DEFAULT_RANGE: PortRange = [30_000, 32_767];

function isInRange(port: number, [first, last]: PortRange): boolean {
    return port >= first && port <= last;
}

/**
 * Whether the API server gives ports outside of its default range: a dry run does not tell. Its pods do where it has
 * some, else a Service with such a port.
 */
async function isInWiderRange(client: ClusterClient, port: number): Promise<boolean> {
    const [pods, services] = await Promise.all([
        client.get<{ items: { spec: { containers: { command?: string[]; args?: string[] }[] } }[] }>(
            "/api/v1/namespaces/kube-system/pods?labelSelector=component%3Dkube-apiserver&limit=1",
            { absent: [403, 404] },
        ),
        client.get<{ items: Service[] }>("/api/v1/services?fieldSelector=spec.type%3DNodePort", {
            absent: [403, 404],
        }),
    ]);
    if (pods === undefined && services === undefined) return true;
    const words = pods?.items.flatMap(({ spec }) =>
        spec.containers.flatMap((c) => [...(c.command ?? []), ...(c.args ?? [])]),
    );
    const given = words
        ?.map((word) => /^--service-node-port-range=(\d+)-(\d+)$/.exec(word))
        .find((match) => match !== null);
    if (given) return isInRange(port, [Number(given[1]), Number(given[2])]);
    const ports = services?.items.flatMap(({ spec }) => spec.ports ?? []) ?? [];
    return ports.some(({ nodePort = 0 }) => nodePort !== 0 && !isInRange(nodePort, DEFAULT_RANGE));
}

/** Where what gives addresses on machines of one's own keeps them: a list that is not empty, or an object. */
const GIVERS: Readonly<Record<string, readonly string[]>> = {
    MetalLB: ["/apis/metallb.io/v1beta1/ipaddresspools"],
    Cilium: ["/apis/cilium.io/v2/ciliumloadbalancerippools", "/apis/cilium.io/v2alpha1/ciliumloadbalancerippools"],
    "kube-vip": ["/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/plndr-svcs-lock"],
    PureLB: ["/apis/purelb.io/v1/servicegroups", "/apis/purelb.io/v2/servicegroups"],
    OpenELB: ["/apis/network.openelb.io/v1alpha2/eips"],
};

/**
 * Says that nothing in the cluster gives addresses to Services of type LoadBalancer, as far as can be seen.
 *
 * A Service that has an address proves that something does. Else the known programs are looked for, and clouds by the
 * nodes' provider.
 */
export async function noLoadBalancer(client: ClusterClient, version: string): Promise<string[]> {
    const services = await client.get<{ items: Service[] }>("/api/v1/services?fieldSelector=spec.type%3DLoadBalancer", {
        absent: [403],
    });
    if (services === undefined || services.items.some(({ status }) => status?.loadBalancer?.ingress?.length)) return [];
    const waiting = services.items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    if (waiting.length === 0) {
        // k3s and RKE2 bring one of their own.
        if (/\+(k3s|rke2)/.test(version)) return [];
        const paths = Object.values(GIVERS).flat();
        const held = await Promise.all(paths.map((path) => poolsAt(client, path)));
        if (held.some((answer) => answer === "refused" || (answer && answer.items?.length !== 0))) return [];
        const nodes = await client.get<{ items: { spec?: { providerID?: string } }[] }>("/api/v1/nodes?limit=1", {
            absent: [403],
        });
        if (nodes === undefined || nodes.items.some(({ spec }) => isCloud(spec?.providerID))) return [];
    }
    const why =
        waiting.length > 0
            ? `its Services of type LoadBalancer wait for an address (${waiting.join(", ")})`
            : `there is no Service that got one, and no pool of ${Object.keys(GIVERS).join(", ")}`;
    return [
        `nothing seems to give addresses to Services of type LoadBalancer: ${why}; install what does, or expose the ` +
            "gateway otherwise with: pulumi config set --path gateway.serviceType NodePort",
    ];
}

async function poolsAt(client: ClusterClient, path: string): Promise<{ items?: object[] } | "refused" | undefined> {
    try {
        return await client.get(path, { absent: [404] });
    } catch (error) {
        if (error instanceof RefusedError) return "refused";
        throw error;
    }
}

/** Such as `aws:///eu-west-1a/i-0123`; kind, kwok and k3s name themselves there and give no addresses. */
function isCloud(providerId = ""): boolean {
    return /^(aws|azure|gce|openstack|vsphere|digitalocean|hcloud|linode|oci|ibm|equinixmetal)/.test(providerId);
}
