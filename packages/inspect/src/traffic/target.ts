import { UserError } from "@istio-on-pulumi/kube";
import type { DescribedEndpoint } from "../endpoints";
import { listed } from "../finding";
import type { Scope } from "../mesh/scope";
import { describeTopology, type TopologyGateway } from "../mesh/topology";
import { canonical } from "../nat";
import type { ClusterSnapshot } from "../snapshot/snapshot";
import type { ServiceName } from "./istioRoutes";

/** What is asked, and how it was found. */
export interface Target {
    readonly url: string;
    /** For sentences: `as --url names it`. */
    readonly found: string;
    /** The Service that carries the gateway's traffic, where it is known. */
    readonly gateway?: ServiceName;
    /** The node port that the URL leads to, and whose it is; absent where its port is none. */
    readonly nodePort?: { readonly port: number; readonly service: ServiceName; readonly portName: string };
    /** The node whose address the URL has. */
    readonly node?: string;
}

const PAGE = "/productpage";

/**
 * Finds the URL of the product page: the one that is named, else that of the stack's outputs, else the node port (or
 * the load
 * balancer) of the Gateway that a route leads from to it.
 *
 * @param node the node to be asked, where there is a choice
 * @throws UserError where none is found
 */
export function findTarget(
    snapshot: ClusterSnapshot,
    scope: Scope,
    { url, described = [], node }: { url?: string; described?: readonly DescribedEndpoint[]; node?: string },
): Target {
    const gateways = describeTopology(snapshot, scope).gateways.filter(leadsToPage);
    const outputs = described
        .find(({ name }) => name === "productpage")
        ?.ports.find((port) => port.url !== undefined)?.url;
    const given = url ?? outputs;
    if (given === undefined) return fromGateway(snapshot, gateways, node);
    const target = describeTarget(
        snapshot,
        given,
        url === undefined ? "as the stack's outputs name it" : "as --url names it",
    );
    const carrier = target.nodePort?.service ?? only(gateways)?.service;
    return { ...target, ...(carrier && { gateway: { namespace: carrier.namespace, name: carrier.name } }) };
}

const only = <T>(all: readonly T[]): T | undefined => (all.length === 1 ? all[0] : undefined);

const leadsToPage = ({ routes }: TopologyGateway) =>
    routes.some(
        ({ matches, backends }) =>
            matches.includes(`exact ${PAGE}`) ||
            matches.includes(`prefix ${PAGE}`) ||
            backends.some(({ service }) => service.endsWith("/productpage")),
    );

function fromGateway(
    snapshot: ClusterSnapshot,
    gateways: readonly TopologyGateway[],
    node: string | undefined,
): Target {
    const [gateway] = gateways;
    if (!gateway)
        throw new UserError(
            "No Gateway leads to productpage in the namespaces looked at: name its URL with --url <url>, or its " +
                "namespace with --namespace <name>.",
        );
    if (gateways.length > 1)
        throw new UserError(
            "Several Gateways lead to productpage " +
                `(${listed(gateways.map(({ namespace, name }) => `${namespace}/${name}`))}): name one's namespace ` +
                "with --namespace <name>, or the URL with --url <url>.",
        );
    const name = `${gateway.namespace}/${gateway.name}`;
    const hosts = snapshot.routes
        .filter(({ metadata }) =>
            gateway.routes.some((route) => route.namespace === metadata?.namespace && route.name === metadata.name),
        )
        .flatMap(({ spec }) => spec?.hostnames ?? []);
    if (hosts.length > 0 && !hosts.includes("*"))
        throw new UserError(
            `The Gateway ${name} leads to productpage for the hosts ${listed(hosts)} only: name the URL with ` +
                "--url <url>.",
        );
    const { service, listeners } = gateway;
    if (!service)
        throw new UserError(`The Gateway ${name} has no Service: ${gateway.reason ?? "its controller has made none"}.`);
    const listener = listeners.find(({ protocol }) => protocol === "HTTP");
    const port = service.ports.find(({ port: number }) => number === listener?.port);
    if (!listener || !port)
        throw new UserError(
            `The Gateway ${name} has no listener of HTTP that its Service ${service.namespace}/${service.name} ` +
                "carries: name the URL with --url <url>.",
        );
    const found = `by the Service ${service.namespace}/${service.name} of the Gateway ${name}`;
    const address = port.nodePort ? nodeAddress(snapshot, node) : loadBalancer(snapshot, service);
    if (address === undefined && port.nodePort)
        throw new UserError(
            `The node port ${port.nodePort} of ${service.namespace}/${service.name} is known, but no node's ` +
                `address: name the URL with --url http://<node>:${port.nodePort}${PAGE}`,
        );
    if (address === undefined)
        throw new UserError(
            `The Service ${service.namespace}/${service.name} is of type ${service.type} and has neither a node ` +
                "port nor a load balancer's address: make a way to it, such as kubectl port-forward, and name it " +
                "with --url <url>.",
        );
    const url = `http://${address.includes(":") ? `[${address}]` : address}:${port.nodePort ?? port.port}${PAGE}`;
    return { ...describeTarget(snapshot, url, found), gateway: { namespace: service.namespace, name: service.name } };
}

/** The address of the node, or of the first one that has one. */
function nodeAddress({ nodes }: ClusterSnapshot, wanted: string | undefined): string | undefined {
    const addresses = (type: string) =>
        nodes
            .toSorted((a, b) => Number(b.metadata?.name === wanted) - Number(a.metadata?.name === wanted))
            .flatMap(({ status }) =>
                (status?.addresses ?? []).filter((each) => each.type === type).map(({ address }) => address),
            );
    return addresses("InternalIP")[0] ?? addresses("ExternalIP")[0];
}

function loadBalancer({ services }: ClusterSnapshot, { namespace, name }: ServiceName): string | undefined {
    const ingress = services.find(({ metadata }) => metadata?.namespace === namespace && metadata.name === name)?.status
        ?.loadBalancer?.ingress?.[0];
    return ingress?.ip ?? ingress?.hostname;
}

/** Which node port of which node a URL leads to, if any. */
function describeTarget({ services, nodes }: ClusterSnapshot, text: string, found: string): Target {
    const url = new URL(text);
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
    const owner = services
        .flatMap(({ metadata, spec }) => (spec?.ports ?? []).map((each) => ({ metadata, each })))
        .find(({ each }) => each.nodePort === port && (each.protocol ?? "TCP") === "TCP");
    const node = nodes.find(
        ({ metadata, status }) =>
            metadata?.name === host || status?.addresses?.some(({ address }) => canonical(address) === host),
    )?.metadata?.name;
    return {
        url: url.href,
        found,
        ...(owner && {
            nodePort: {
                port,
                service: { namespace: owner.metadata?.namespace ?? "", name: owner.metadata?.name ?? "" },
                portName: owner.each.name ?? "",
            },
        }),
        ...(node !== undefined && { node }),
    };
}

/**
 * Reads a URL as a user writes it; without a path the product page is meant.
 *
 * @returns `undefined` where it is none of HTTP, or holds a password
 */
export function parseUrl(text: string): string | undefined {
    if (!URL.canParse(text)) return undefined;
    const url = new URL(text);
    if (!["http:", "https:"].includes(url.protocol) || url.username !== "" || url.password !== "") return undefined;
    if (url.pathname === "/" && !/^\w+:\/\/[^/]*\/$/.test(text)) url.pathname = PAGE;
    url.hash = "";
    return url.href;
}
