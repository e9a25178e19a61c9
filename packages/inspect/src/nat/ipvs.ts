import { option, targetOf } from "./rule";
import type { Table } from "./save";

/**
 * Whether kube-proxy wrote the nat table in IPVS mode: it then names address sets and a chain of its own instead of a
 * chain for each Service. What the chain of Services holds is what is in force: kube-proxy empties it when it starts,
 * while other chains of another mode may be left over.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/v1.33.0/pkg/proxy/ipvs/proxier.go
 */
export function isIpvs(nat: Table): boolean {
    const rules = nat.chains.get("KUBE-SERVICES")?.rules ?? [];
    return rules.some(
        (rule) =>
            targetOf(rule) === "KUBE-NODE-PORT" ||
            targetOf(rule) === "KUBE-LOAD-BALANCER" ||
            option(rule, "--match-set")?.values[0]?.replace(/^KUBE-6-/, "KUBE-") === "KUBE-CLUSTER-IP",
    );
}
