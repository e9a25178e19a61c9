import { type ClusterClient, compareMinors, istioRelease, minorOf } from "@istio-on-pulumi/kube";

/** Says what is wrong with the API server's version, such as `v1.28.4+k3s1`, for a release of Istio. */
export function oldKubernetes(version: string, istio: string): string[] {
    const [oldest = ""] = istioRelease(istio).kubernetes;
    const minor = minorOf(version);
    if (minor === undefined || compareMinors(minor, oldest) >= 0) return [];
    return [`Kubernetes is ${version}, and Istio ${istio} needs ${oldest} or newer; upgrade the cluster first`];
}

/** ConfigMaps of `kube-system` in which distributions keep CoreDNS's configuration. */
const COREDNS = ["coredns", "rke2-coredns-rke2-coredns"];

/**
 * Says what is wrong with the cluster's domain, as CoreDNS serves it.
 *
 * Istio's profile and the addons name Services by `cluster.local`, which nothing would resolve. Where the cluster's DNS
 * is another program or may not be read, nothing is said.
 */
export async function otherDomain(client: ClusterClient): Promise<string[]> {
    const found = await Promise.all(
        COREDNS.map((name) =>
            client.get<{ data?: { Corefile?: string } }>(`/api/v1/namespaces/kube-system/configmaps/${name}`, {
                absent: [403, 404],
            }),
        ),
    );
    const corefile = found.map((configMap) => configMap?.data?.Corefile).find((text) => text !== undefined);
    const zones = /^\s*kubernetes\s+([^{\n]*)/m.exec(corefile ?? "")?.[1]?.split(/\s+/) ?? [];
    const domains = zones.filter((zone) => zone !== "" && !/\.arpa\.?$/.test(zone)).map((z) => z.replace(/\.$/, ""));
    if (domains.length === 0 || domains.includes("cluster.local")) return [];
    return [
        `its DNS serves the domain ${domains.join(", ")}, and Istio's demo profile and its addons need cluster.local; ` +
            "let CoreDNS serve that too",
    ];
}
