import type { V1Pod } from "@kubernetes/client-node";
import { type Finding, problem } from "../finding";
import type { ConfigMaps } from "../snapshot/snapshot";

/** Where Cilium's agents read their options. */
export const CILIUM_CONFIG = "kube-system/cilium-config";
const CHANGE = `in the ConfigMap ${CILIUM_CONFIG}, then restart Cilium's DaemonSet`;

/**
 * What of Cilium's options passes Istio's proxies by, as Cilium's own page on Istio has it: a load balancer at the
 * pods' sockets, which takes Services' addresses away before a sidecar sees them, and an exclusive CNI configuration,
 * which puts istio-cni's away.
 */
export function checkCilium(configMaps: ConfigMaps, pods: readonly V1Pod[]): Finding[] {
    const config = configMaps.get(CILIUM_CONFIG);
    if (!config) return [];
    const findings: Finding[] = [];
    const replaces = config["kube-proxy-replacement"] ?? "";
    const atSockets = config["bpf-lb-sock"] === "true" || ["true", "strict"].includes(replaces);
    if (atSockets && config["bpf-lb-sock-hostns-only"] !== "true")
        findings.push(
            problem(
                "cilium/socket-lb",
                CILIUM_CONFIG,
                "Cilium balances Services at the pods' sockets " +
                    `(${config["bpf-lb-sock"] === "true" ? "bpf-lb-sock: true" : `kube-proxy-replacement: ${replaces}`}), ` +
                    "so sidecars see a pod's address in place of the Service's and their routes are passed by; set " +
                    `bpf-lb-sock-hostns-only: "true" (socketLB.hostNamespaceOnly of its chart) ${CHANGE}.`,
            ),
        );
    if (config["cni-exclusive"] === "true" && usesIstioCni(pods))
        findings.push(
            problem(
                "cilium/cni-exclusive",
                CILIUM_CONFIG,
                "Cilium puts away the CNI configurations of others (cni-exclusive: true), so istio-cni captures no " +
                    `pod's traffic and sidecars are passed by; set cni-exclusive: "false" (cni.exclusive of its chart) ` +
                    `${CHANGE}.`,
            ),
        );
    return findings;
}

/** Whether istio-cni runs, or pods were injected for it: their first container looks whether it has done its work. */
const usesIstioCni = (pods: readonly V1Pod[]): boolean =>
    pods.some(
        ({ metadata, spec }) =>
            metadata?.labels?.["k8s-app"] === "istio-cni-node" ||
            spec?.initContainers?.some(({ name }) => name === "istio-validation"),
    );
