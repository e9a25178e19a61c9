import type { V1Service } from "@kubernetes/client-node";
import { type Finding, listed, note, problem } from "../finding";
import { type EndpointChain, type Family, formatHostPort } from "../nat";
import { checkChains, checkEntries } from "./checkChains";
import { type SliceEndpoint, whyNoEndpoints } from "./expected";
import { declaresPorts, type PodIndex } from "./joinEndpoints";
import { type PathEndpoint, pathName, type ServicePath } from "./path";
import type { PathToCheck } from "./pathToCheck";
import { percent } from "./percent";

/** Affinity's default, three hours. */
const AFFINITY_SECONDS = 10_800;

/** Holds one path against what the cluster says it should be. */
export function checkPath(subject: PathToCheck): Finding[] {
    if (subject.usable.length === 0) return checkWithoutEndpoints(subject);
    return [
        ...checkEntries(subject),
        ...checkChains(subject),
        ...checkEndpoints(subject),
        ...checkPods(subject),
        ...checkAffinity(subject),
    ];
}

function checkWithoutEndpoints({ path, service, port, index }: PathToCheck): Finding[] {
    const name = pathName(path);
    const serving = [
        ...path.endpoints,
        ...path.localEndpoints.filter(({ chain }) => !path.endpoints.some((other) => other.chain === chain)),
    ];
    return [
        noEndpoints(name, service, port, path.family, index),
        ...serving.map((endpoint) => staleEndpoint(name, endpoint)),
    ];
}

/** A Service port that selects nothing, or nothing that is ready. */
export function noEndpoints(
    name: string,
    service: V1Service,
    port: PathToCheck["port"],
    family: Family,
    index: PodIndex,
): Finding {
    const why = whyNoEndpoints(service, port, family, index.byNamespace.get(service.metadata?.namespace ?? "") ?? []);
    const of = (service.spec?.ipFamilies?.length ?? 1) > 1 ? ` for ${family}` : "";
    // Such a Service takes what the cluster can give, and need not have both.
    const say =
        of !== "" && service.spec?.ipFamilyPolicy === "PreferDualStack" && why.endsWith(`has an ${family} address`)
            ? note
            : problem;
    return say(
        "service/no-endpoints",
        name,
        `${name} has no ready endpoint${of}: ${why}; until that is mended, every connection to it fails.`,
    );
}

function staleEndpoint(name: string, { address, port, chain, share }: PathEndpoint): Finding {
    const to = formatHostPort({ address, port });
    return problem(
        "nat/stale-endpoint",
        name,
        `${name} still sends ${percent(share)} of its connections to ${to} (${chain}), which no EndpointSlice ` +
            "holds any more; restart kube-proxy on that node if this stays.",
    );
}

/** The endpoints of the rules against those of the slices. */
function checkEndpoints({ path, nat, usable, service, node, source }: PathToCheck): Finding[] {
    const name = pathName(path);
    const findings: Finding[] = [];
    const stale = [
        ...path.endpoints,
        ...path.localEndpoints.filter(({ chain }) => !path.endpoints.some((other) => other.chain === chain)),
    ];
    for (const endpoint of stale) {
        if (!endpoint.current && endpoint.address !== "") findings.push(staleEndpoint(name, endpoint));
    }
    const missingIn = (chain: EndpointChain | undefined, wanted: readonly SliceEndpoint[]) => {
        if (!chain || chain.endpoints.length === 0 || chain.endpoints.some(({ unseen }) => unseen)) return;
        const has = new Set(chain.endpoints.map(({ address = "", port = 0 }) => formatHostPort({ address, port })));
        for (const endpoint of wanted) {
            const at = formatHostPort(endpoint);
            if (!has.has(at)) {
                findings.push(
                    problem(
                        "nat/missing-endpoint",
                        name,
                        `${name} has the ready endpoint ${at}${endpoint.pod ? ` (pod ${endpoint.pod})` : ""}, to ` +
                            `which ${chain.name} in ${source} sends nothing; restart kube-proxy on that node if this ` +
                            "stays.",
                    ),
                );
            }
        }
    };
    // With topology hints or a traffic distribution, each node uses its own part of the endpoints.
    const partial = usable.every(({ hinted }) => hinted) || service.spec?.trafficDistribution !== undefined;
    if (!partial) missingIn(nat?.cluster, usable);
    if (node !== undefined)
        missingIn(
            nat?.local,
            usable.filter((endpoint) => endpoint.node === node),
        );
    return findings;
}

/** The pods behind the endpoints and their container ports. */
function checkPods({ path, usable, index }: PathToCheck): Finding[] {
    const name = pathName(path);
    const findings: Finding[] = [];
    for (const { pod, address, port } of usable) {
        if (pod !== undefined && !index.byKey.has(pod)) {
            findings.push(
                problem(
                    "service/no-pod",
                    name,
                    `${name} has the endpoint ${formatHostPort({ address, port })} of pod ${pod}, which does not ` +
                        "exist; see the log of kube-controller-manager.",
                ),
            );
        }
    }
    const closed = path.endpoints.filter(({ pod, opens, current }) => pod && !opens && current);
    const others = closed
        .map(({ pod }) => `${pod!.namespace}/${pod!.name}`)
        .filter((key) => declaresPorts(index.byKey.get(key)));
    if (others.length > 0) {
        findings.push(
            problem(
                "service/undeclared-port",
                name,
                `${name} sends traffic to port ${closed[0]!.port}, but the containers of ${listed(others)} ` +
                    "declare other ports only; set the Service's targetPort or the container's port right.",
            ),
        );
    }
    return findings;
}

/**
 * Pods that declare no port at all: Kubernetes does not ask for it, so nothing is wrong, and nothing can be told
 * either. One note for each pod.
 */
export function silentPods(paths: readonly ServicePath[], index: PodIndex): Finding[] {
    const ports = new Map<string, Set<string>>();
    for (const path of paths) {
        for (const { pod, opens, current, port } of path.endpoints) {
            const key = `${pod?.namespace}/${pod?.name}`;
            if (!pod || opens || !current || declaresPorts(index.byKey.get(key))) continue;
            ports.set(key, (ports.get(key) ?? new Set()).add(`${port} (${path.service})`));
        }
    }
    return [...ports].map(([key, used]) =>
        note(
            "service/undeclared-port",
            key,
            `The containers of ${key} declare no port at all, so whether something listens at ` +
                `${listed([...used], 12)} cannot be told from here.`,
        ),
    );
}

function checkAffinity({ path, nat, service }: PathToCheck): Finding[] {
    const wanted =
        service.spec?.sessionAffinity === "ClientIP"
            ? (service.spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? AFFINITY_SECONDS)
            : undefined;
    const main = nat?.cluster ?? nat?.local;
    if (!main || main.affinitySeconds === wanted) return [];
    const name = pathName(path);
    const say = (seconds: number | undefined) =>
        seconds === undefined ? "no session affinity" : `a session affinity of ${seconds} s`;
    return [
        problem(
            "nat/affinity",
            name,
            `${name} should have ${say(wanted)}, but its chain ${main.name} has ${say(main.affinitySeconds)}; ` +
                "restart kube-proxy on that node if this stays.",
        ),
    ];
}
