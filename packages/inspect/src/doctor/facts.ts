import { GATEWAY_API_GROUP } from "@istio-on-pulumi/kube";

/** End of the groups of Istio's CRDs, such as `networking.istio.io`. */
export const ISTIO_GROUP = ".istio.io";

/** Kinds of objects that an install makes, with what it does to each. */
export const NEEDED_PERMISSIONS: readonly (readonly [group: string, resource: string])[] = [
    ["", "namespaces"],
    ["", "services"],
    ["", "serviceaccounts"],
    ["", "configmaps"],
    ["apps", "deployments"],
    ["apps", "statefulsets"],
    ["policy", "poddisruptionbudgets"],
    ["autoscaling", "horizontalpodautoscalers"],
    ["rbac.authorization.k8s.io", "roles"],
    ["rbac.authorization.k8s.io", "rolebindings"],
    ["rbac.authorization.k8s.io", "clusterroles"],
    ["rbac.authorization.k8s.io", "clusterrolebindings"],
    ["admissionregistration.k8s.io", "mutatingwebhookconfigurations"],
    ["admissionregistration.k8s.io", "validatingwebhookconfigurations"],
    ["apiextensions.k8s.io", "customresourcedefinitions"],
    [GATEWAY_API_GROUP, "gateways"],
    [GATEWAY_API_GROUP, "httproutes"],
];
export const VERBS = ["get", "create", "patch", "delete"] as const;

/** Registries of the images of Istio, Bookinfo and the addons, with the host that answers for each. */
export const REGISTRIES: Readonly<Record<string, string>> = {
    "docker.io": "registry-1.docker.io",
    "quay.io": "quay.io",
    "ghcr.io": "ghcr.io",
};

/** The API server's default range of node ports. */
export const NODE_PORTS = [30_000, 32_767] as const;
