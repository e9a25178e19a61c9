import { counted, type Finding, listed, note, problem } from "../finding";
import { type EndpointChain, formatHostPort } from "../nat";
import { pathName } from "./path";
import type { PathToCheck } from "./pathToCheck";
import { percent } from "./percent";

/** Shares are equal if they differ by no more than this part of themselves: kube-proxy writes ten digits. */
const EVEN_WITHIN = 1e-4;

/** The rules that catch traffic: the cluster IP's, and the node port's. */
export function checkEntries({ path, nat, port, address, usable, service, node, source }: PathToCheck): Finding[] {
    const name = pathName(path);
    const findings: Finding[] = [];
    const here = usable.filter((endpoint) => endpoint.node === node);
    const clusterEntry = nat?.entries.find(
        (entry) => entry.kind === "cluster IP" && entry.address === address && entry.port === port.port,
    );
    if (!clusterEntry) {
        findings.push(
            problem(
                "nat/missing-service",
                name,
                `${name} has ${counted(usable.length, "ready endpoint")}, but ${source} do not catch its cluster ` +
                    `IP ${address} port ${port.port}; see kube-proxy's log on that node.`,
            ),
        );
    } else if (refuses(clusterEntry.target)) {
        const isLocal = service.spec?.internalTrafficPolicy === "Local";
        if (!isLocal || here.length > 0) {
            findings.push(
                problem(
                    "nat/refused",
                    name,
                    `${name} has ${counted(usable.length, "ready endpoint")}, but ${source} refuse its cluster ` +
                        `IP ${address} (${clusterEntry.reason ?? clusterEntry.target}); see kube-proxy's log on that ` +
                        "node.",
                ),
            );
        } else {
            findings.push(
                note(
                    "nat/no-local-endpoint",
                    name,
                    `${name} is dropped on this node by internalTrafficPolicy Local: none of its ` +
                        `${usable.length} endpoints is here.`,
                ),
            );
        }
    }
    if (
        port.nodePort &&
        !nat?.entries.some(
            (entry) => entry.kind === "node port" && entry.port === port.nodePort && !refuses(entry.target),
        )
    ) {
        findings.push(
            problem(
                "nat/missing-node-port",
                name,
                `${name} has the node port ${port.nodePort}, but ${source} do not catch it; see kube-proxy's log ` +
                    "on that node.",
            ),
        );
    }
    return findings;
}

const refuses = (target: string) => target === "REJECT" || target === "DROP";

/** Chains on the way that are not there, and connections that fall through. */
export function checkChains({ path, nat, names, source }: PathToCheck): Finding[] {
    if (!nat) return [];
    const name = pathName(path);
    const findings: Finding[] = [];
    const missing = (chain: string, from: string) =>
        problem(
            "nat/missing-chain",
            name,
            `${name} goes from ${from} to the chain ${chain}, which is missing or empty in ${source}, so nothing ` +
                "rewrites its address; restart kube-proxy on that node.",
        );
    for (const outer of [nat.external, nat.firewall]) {
        if (outer && !outer.exists) findings.push(missing(outer.name, `${names.services} or ${names.nodePorts}`));
    }
    for (const chain of [nat.cluster, nat.local]) {
        if (!chain) continue;
        if (chain.endpoints.length === 0) findings.push(missing(chain.name, names.services));
        for (const endpoint of chain.endpoints) {
            if (!endpoint.exists) findings.push(missing(endpoint.chain, chain.name));
            else if (endpoint.address === undefined && !endpoint.unseen) {
                findings.push(
                    problem(
                        "nat/unreadable-destination",
                        name,
                        `${name} goes through ${endpoint.chain}, whose rules name no single destination; ` +
                            "restart kube-proxy on that node.",
                    ),
                );
            }
        }
        findings.push(...checkShares(name, chain));
    }
    return findings;
}

function checkShares(name: string, chain: EndpointChain): Finding[] {
    const { endpoints, left } = chain;
    if (endpoints.length === 0) return [];
    const even = 1 / endpoints.length;
    const findings: Finding[] = [];
    if (left > EVEN_WITHIN) {
        findings.push(
            problem(
                "nat/lost-share",
                name,
                `${name} loses ${percent(left)} of its connections: no rule of ${chain.name} takes them; restart ` +
                    "kube-proxy on that node.",
            ),
        );
    }
    if (left <= EVEN_WITHIN && endpoints.some(({ share }) => Math.abs(share - even) > even * EVEN_WITHIN)) {
        const shares = endpoints.map(
            (endpoint) =>
                `${formatHostPort({ address: endpoint.address ?? endpoint.chain, port: endpoint.port ?? 0 })} ` +
                `${percent(endpoint.share)}`,
        );
        findings.push(
            problem(
                "nat/uneven-share",
                name,
                `${name} does not spread evenly over its ${endpoints.length} endpoints (${listed(shares, 6)}, ` +
                    `where each should get ${percent(even)}); see the rules of ${chain.name}.`,
            ),
        );
    }
    return findings;
}
