import type { V1EndpointSlice, V1Service } from "@kubernetes/client-node";
import { type Finding, problem } from "../finding";
import {
    canonical,
    CHAINS,
    type Family,
    type NatModel,
    type NatReading,
    type NatService,
    servicePortHash,
    servicePortName,
} from "../nat";
import { type ClusterSnapshot, keyOf } from "../snapshot/snapshot";
import { checkPath, noEndpoints, silentPods } from "./check";
import { checkReading } from "./checkReading";
import { slicesByService, usableEndpoints } from "./expected";
import { indexPods, joinEndpoints, type PodIndex } from "./joinEndpoints";
import { pathName, type ServicePath } from "./path";

export interface JoinOptions {
    /** Name of the node that the rules are of; `undefined` where it is not known. */
    readonly node?: string;
    /** Namespaces to look at; `undefined` means all. */
    readonly namespaces?: ReadonlySet<string>;
    /** What the rules are, for sentences: `the rules of node cp-k8s`. */
    readonly source?: string;
}

export interface JoinedServices {
    readonly paths: readonly ServicePath[];
    readonly findings: readonly Finding[];
}

type ServicePort = NonNullable<NonNullable<V1Service["spec"]>["ports"]>[number];

/** Joins a node's rules with the cluster's Services, EndpointSlices and pods; what does not join is a finding. */
export function joinServices(
    reading: NatReading,
    snapshot: ClusterSnapshot,
    options: JoinOptions = {},
): JoinedServices {
    const source = options.source ?? "the rules";
    const slices = slicesByService(snapshot.endpointSlices);
    const index = indexPods(snapshot.pods);
    const gateways = new Map(snapshot.gateways.map((gateway) => [keyOf(gateway), gateway]));
    const modes = new Map(reading.models.map(({ family, mode }) => [family, mode]));
    const byHash = new Map(
        reading.models.map((model) => [
            model.family,
            new Map(model.services.map((service) => [service.hash, service])),
        ]),
    );
    const paths: ServicePath[] = [];
    const findings: Finding[] = [];
    const expected = new Set<string>();
    const families = new Set<Family>();

    for (const service of snapshot.services) {
        const addresses = proxiedAddresses(service);
        const inScope = options.namespaces?.has(service.metadata?.namespace ?? "") ?? true;
        if (inScope && service.spec?.clusterIP === "None")
            findings.push(...checkHeadless(service, slices.get(keyOf(service)) ?? [], index));
        for (const port of service.spec?.ports ?? []) {
            const protocol = port.protocol ?? "TCP";
            const hash = servicePortHash(
                servicePortName(service.metadata?.namespace ?? "", service.metadata?.name ?? "", port.name ?? ""),
                protocol.toLowerCase(),
            );
            for (const [family, address] of addresses) {
                families.add(family);
                expected.add(`${family} ${hash}`);
                if (!inScope) continue;
                const nat = byHash.get(family)?.get(hash);
                const usable = usableEndpoints(slices.get(keyOf(service)) ?? [], port, family);
                const join = (chain: NatService["cluster"]) =>
                    joinEndpoints(chain, usable, index, gateways, { number: port.port, protocol });
                const path = describePath(service, port, family, nat, join);
                paths.push(path);
                const mode = modes.get(family);
                if (mode) {
                    const [node, names] = [options.node, CHAINS[mode]];
                    findings.push(
                        ...checkPath({ path, nat, names, service, port, address, usable, index, node, source }),
                    );
                } else if (usable.length === 0) {
                    findings.push(noEndpoints(pathName(path), service, port, family, index));
                }
            }
        }
    }
    for (const model of reading.models) {
        findings.push(...forgottenServices(model, expected, options.namespaces, source));
    }
    findings.push(...silentPods(paths, index), ...checkReading(reading, families, source));
    return { paths, findings };
}

/**
 * The cluster IPs that kube-proxy serves: none of a headless or external Service, or of one that another proxy
 * serves.
 */
function proxiedAddresses(service: V1Service): (readonly [Family, string])[] {
    const { type, clusterIP, clusterIPs } = service.spec ?? {};
    if (
        type === "ExternalName" ||
        clusterIP === "None" ||
        service.metadata?.labels?.["service.kubernetes.io/service-proxy-name"]
    )
        return [];
    return (clusterIPs ?? (clusterIP ? [clusterIP] : [])).map(
        (address) => [address.includes(":") ? "IPv6" : "IPv4", address] as const,
    );
}

/** A headless Service has no rules: its name leads to its endpoints' addresses. Only that it has some can be wrong. */
function checkHeadless(service: V1Service, slices: readonly V1EndpointSlice[], index: PodIndex): Finding[] {
    if (Object.keys(service.spec?.selector ?? {}).length === 0) return [];
    const families = (service.spec?.ipFamilies ?? ["IPv4"]) as Family[];
    return (service.spec?.ports ?? []).flatMap((port) => {
        const name = pathName({
            namespace: service.metadata?.namespace ?? "",
            service: service.metadata?.name ?? "",
            portName: port.name ?? "",
            port: port.port,
        });
        const without = families.filter((family) => usableEndpoints(slices, port, family).length === 0);
        return without.map((family) => noEndpoints(name, service, port, family, index));
    });
}

function describePath(
    service: V1Service,
    port: ServicePort,
    family: Family,
    nat: NatService | undefined,
    join: (chain: NatService["cluster"]) => ServicePath["endpoints"],
): ServicePath {
    const main = nat?.cluster ?? nat?.local;
    return {
        namespace: service.metadata?.namespace ?? "",
        service: service.metadata?.name ?? "",
        portName: port.name ?? "",
        port: port.port,
        protocol: port.protocol ?? "TCP",
        targetPort: String(port.targetPort ?? port.port),
        type: service.spec?.type ?? "ClusterIP",
        family,
        entries: (nat?.entries ?? []).map(({ kind, address, port: number, target, reason }) => ({
            // nftables rules do not tell the two external kinds apart.
            kind: kind === "external IP" && isBalanced(service, address) ? "load balancer IP" : kind,
            ...(address && { address }),
            port: number,
            target,
            ...(reason && { reason }),
        })),
        ...(nat?.cluster && { chain: nat.cluster.name }),
        ...(nat?.local && { localChain: nat.local.name }),
        ...(nat?.external && {
            external: {
                chain: nat.external.name,
                ...(nat.external.masquerade && { masquerade: nat.external.masquerade.when }),
                ways: nat.external.ways,
            },
        }),
        ...(nat?.firewall && { firewall: { chain: nat.firewall.name, sources: nat.firewall.sources } }),
        ...(main?.masquerade && { masquerade: main.masquerade.when }),
        ...(main?.affinitySeconds !== undefined && { affinitySeconds: main.affinitySeconds }),
        endpoints: join(nat?.cluster),
        localEndpoints: join(nat?.local),
        lost: main?.left ?? 0,
    };
}

const isBalanced = (service: V1Service, address: string | undefined): boolean =>
    service.status?.loadBalancer?.ingress?.some(({ ip }) => ip !== undefined && canonical(ip) === address) ?? false;

/** Service ports that the node still serves though the cluster has none such. */
function forgottenServices(
    model: NatModel,
    expected: ReadonlySet<string>,
    namespaces: ReadonlySet<string> | undefined,
    source: string,
): Finding[] {
    return model.services
        .filter(
            ({ hash, name }) =>
                !expected.has(`${model.family} ${hash}`) && (namespaces?.has(name?.split("/")[0] ?? "") ?? true),
        )
        .map(({ name, hash, entries }) => {
            const subject = name ?? `KUBE-SVC-${hash}`;
            const addresses = entries.map(({ address, kind, port }) => `${address ?? kind} ${port}`).join(", ");
            return problem(
                "nat/stale-service",
                subject,
                `${subject} is still served at ${addresses} by ${source}, though no Service has such a port; ` +
                    "restart kube-proxy on that node if this stays.",
            );
        });
}
