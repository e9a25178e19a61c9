import type { V1Pod } from "@kubernetes/client-node";
import { UserError } from "@istio-on-pulumi/kube";
import { listed } from "./finding";
import { type JoinedServices, pathName } from "./join";
import { hasEnded, proxyOf, workloadOf } from "./mesh/pods";
import type { Scope } from "./mesh/scope";
import { type ClusterSnapshot, keyOf } from "./snapshot/snapshot";

/**
 * The pods that a name means: `namespace/name`, a pod's name, its workload's, the value of its label `app`, or the
 * start of
 * its name. Without a name, all of the scope that have a proxy.
 *
 * @throws UserError where the name means none
 */
export function choosePods(snapshot: ClusterSnapshot, { namespaces }: Scope, name?: string): V1Pod[] {
    const pods = snapshot.pods.filter((pod) => !hasEnded(pod)).toSorted((a, b) => keyOf(a).localeCompare(keyOf(b)));
    const inScope = pods.filter(({ metadata }) => namespaces.has(metadata?.namespace ?? ""));
    if (name === undefined) return inScope.filter(proxyOf);
    const slash = name.indexOf("/");
    const candidates =
        slash < 0 ? inScope : pods.filter(({ metadata }) => metadata?.namespace === name.slice(0, slash));
    const wanted = name.slice(slash + 1);
    const ways: ((pod: V1Pod) => boolean)[] = [
        ({ metadata }) => metadata?.name === wanted,
        (pod) => workloadOf(pod).name === wanted,
        ({ metadata }) => metadata?.labels?.app === wanted,
        ({ metadata }) => metadata?.name?.startsWith(wanted) === true,
    ];
    for (const way of ways) {
        const found = candidates.filter(way);
        if (found.length > 0) return found;
    }
    throw new UserError(
        `There is no pod ${JSON.stringify(name)} in ${listed([...namespaces], 6)}; there are: ` +
            `${listed(inScope.filter(proxyOf).map(keyOf), 8)}.`,
    );
}

/**
 * Of the paths and findings, those of one Service: `name`, `namespace/name`, or either with `:port`.
 *
 * @throws UserError where there is no such Service port
 */
export function chooseService({ paths, findings }: JoinedServices, wanted?: string): JoinedServices {
    if (wanted === undefined) return { paths, findings };
    const chosen = paths.filter((path) => {
        const full = `${path.namespace}/${path.service}`;
        const ports = [path.portName, String(path.port)];
        return [full, path.service].some(
            (name) => name === wanted || ports.some((port) => port !== "" && `${name}:${port}` === wanted),
        );
    });
    if (chosen.length === 0) {
        throw new UserError(
            `There is no Service port ${JSON.stringify(wanted)} with a cluster IP in the namespaces looked at; ` +
                "there are: " +
                `${listed([...new Set(paths.map(({ namespace, service }) => `${namespace}/${service}`))], 12)}.`,
        );
    }
    const names = new Set(chosen.map(pathName));
    const chains = new Set(
        chosen.flatMap(({ chain, localChain, external, firewall, endpoints }) => [
            chain,
            localChain,
            external?.chain,
            firewall?.chain,
            ...endpoints.map((endpoint) => endpoint.chain),
        ]),
    );
    return {
        paths: chosen,
        findings: findings.filter(({ subject }) => names.has(subject) || chains.has(subject) || !subject.includes("/")),
    };
}
