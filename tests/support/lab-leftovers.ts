/** Objects that `destroy` leaves in the cluster. */
export interface Leftover {
    /** Kind and name as `keyOf` gives them. */
    readonly key: string;
    readonly why: string;
    /** What the README says of them. */
    readonly readme: string;
}

const crds = (group: string, plurals: readonly string[]) =>
    plurals.map((plural) => `CustomResourceDefinition.apiextensions.k8s.io ${plural}.${group}`);

const GATEWAY_API_CRDS = crds("gateway.networking.k8s.io", [
    "gatewayclasses",
    "gateways",
    "grpcroutes",
    "httproutes",
    "referencegrants",
]);
const ISTIO_CRDS = [
    ...crds("networking.istio.io", [
        "destinationrules",
        "envoyfilters",
        "gateways",
        "proxyconfigs",
        "serviceentries",
        "sidecars",
        "virtualservices",
        "workloadentries",
    ]),
    ...crds("security.istio.io", ["authorizationpolicies", "peerauthentications", "requestauthentications"]),
    ...crds("telemetry.istio.io", ["telemetries"]),
    ...crds("extensions.istio.io", ["wasmplugins"]),
];
/** The API server's own note of each version that it serves because of a CRD. */
const API_SERVICES = [
    ...["v1.gateway.networking.k8s.io", "v1beta1.gateway.networking.k8s.io"],
    ...["v1", "v1alpha3", "v1beta1"].map((version) => `${version}.networking.istio.io`),
    ...["v1", "v1beta1"].map((version) => `${version}.security.istio.io`),
    ...["v1", "v1alpha1"].map((version) => `${version}.telemetry.istio.io`),
    "v1alpha1.extensions.istio.io",
].map((name) => `APIService.apiregistration.k8s.io ${name}`);
/** Namespaces that a cluster has by itself; istiod passes over kube-public and kube-node-lease. */
const OTHER_NAMESPACES = ["default", "kube-system"];

const all = (keys: readonly string[], why: string, readme: string): Leftover[] =>
    keys.map((key) => ({ key, why, readme }));

/** Everything that `destroy` leaves, and nothing else; the README's list says the same in words. */
export const LEFTOVERS: readonly Leftover[] = [
    ...all(
        ISTIO_CRDS,
        "the chart keeps them (helm.sh/resource-policy: keep): with a CRD every object of its kind would go",
        "Istio's CRDs",
    ),
    ...all(
        GATEWAY_API_CRDS,
        "this project keeps them, for the same reason",
        "the Gateway API CRDs that the stack installed",
    ),
    ...all(
        API_SERVICES,
        "made by the API server for the versions of the CRDs that stay, and gone with them",
        "So CRDs stay",
    ),
    ...all(
        ["istio", "istio-remote"].map((name) => `GatewayClass.gateway.networking.k8s.io ${name}`),
        "istiod makes them at run time and nobody owns them",
        "GatewayClasses `istio` and `istio-remote`",
    ),
    ...all(
        OTHER_NAMESPACES.map((namespace) => `ConfigMap ${namespace}/istio-ca-root-cert`),
        "istiod makes them at run time and nobody owns them",
        "`istio-ca-root-cert`",
    ),
];
