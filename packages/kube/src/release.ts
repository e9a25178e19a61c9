/** The Istio release that is installed. */
export const ISTIO_VERSION = "1.25.1";

/** The oldest Kubernetes that this release of Istio supports, as major and minor version. */
export const OLDEST_KUBERNETES = [1, 29] as const;

/** The release as a Go module: Istio's tags are no module versions, so this is the commit of the release's tag. */
export const ISTIO_MODULE_VERSION = "v0.0.0-20250322053744-be4b14ad8be8";

/** The Gateway API release whose standard channel is installed. */
export const GATEWAY_API_VERSION = "v1.2.1";

/** Tag of Bookinfo's images in Istio's release. */
export const BOOKINFO_VERSION = "1.20.2";

/** Registry and path of Istio's images. */
export const ISTIO_HUB = "docker.io/istio";

/** Start of the names of Bookinfo's images, before `-productpage-v1` and so on. */
export const BOOKINFO_IMAGES = `${ISTIO_HUB}/examples-bookinfo`;

/** Namespace of Bookinfo, unless it is to be another. */
export const BOOKINFO_NAMESPACE = "istio-sample";

/** Namespace of the control plane and of the addons; upstream's addon manifests name it too. */
export const ISTIO_NAMESPACE = "istio-system";

/** The addons of the walkthrough; each is one file of Istio's `samples/addons`. */
export const ADDONS = ["kiali", "jaeger", "prometheus", "grafana", "loki"] as const;

/** Name of an addon. */
export type Addon = (typeof ADDONS)[number];

export const GATEWAY_API_GROUP = "gateway.networking.k8s.io";

/** The CustomResourceDefinitions of Gateway API's standard channel, by their full names. */
export const GATEWAY_API_CRDS = ["gatewayclasses", "gateways", "grpcroutes", "httproutes", "referencegrants"].map(
    (plural) => `${plural}.${GATEWAY_API_GROUP}`,
);

/** Those of them without which istiod makes no gateway; each must be served at `v1`. */
export const NEEDED_GATEWAY_API_CRDS = ["gatewayclasses", "gateways", "httproutes"].map(
    (plural) => `${plural}.${GATEWAY_API_GROUP}`,
);

/** Annotation of a Gateway API CRD that holds the release it is from. */
export const GATEWAY_API_BUNDLE_VERSION = `${GATEWAY_API_GROUP}/bundle-version`;
