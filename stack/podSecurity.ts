const PREFIX = "pod-security.kubernetes.io";

/** What of the settings decides on it. */
interface LevelSettings {
    namespaces: { podSecurity: boolean; labels: Readonly<Record<string, string>> };
    bookinfo: { enabled: boolean; namespace: string };
}

/**
 * The labels of a namespace that the stack makes: the strictest level of Pod Security that its pods meet; none where
 * the settings do not ask for it, or say a level themselves.
 *
 * Sidecars need `privileged`, since istio-init has NET_ADMIN and NET_RAW. What they are put beside meets `restricted`,
 * and the API server warns whoever makes a Deployment there that does not.
 */
export function podSecurityLabels({ namespaces, bookinfo }: LevelSettings, namespace: string): Record<string, string> {
    if (!namespaces.podSecurity || `${PREFIX}/enforce` in namespaces.labels) return {};
    const hasSidecars = bookinfo.enabled && namespace === bookinfo.namespace;
    return hasSidecars
        ? { [`${PREFIX}/enforce`]: "privileged", [`${PREFIX}/warn`]: "restricted" }
        : { [`${PREFIX}/enforce`]: "baseline" };
}
