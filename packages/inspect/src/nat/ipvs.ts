import { targetOf } from "./rule";
import type { Table } from "./save";

/**
 * Whether kube-proxy wrote the nat table in IPVS mode: its chain of Services then leads to KUBE-NODE-PORT and to no
 * chain of a Service. What that chain holds is in force, for kube-proxy empties it when it starts; other chains may be
 * left over from another mode.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/v1.33.0/pkg/proxy/ipvs/proxier.go
 */
export const isIpvs = (nat: Table): boolean =>
    nat.chains.get("KUBE-SERVICES")?.rules.some((rule) => targetOf(rule) === "KUBE-NODE-PORT") ?? false;
