import { UserError } from "./errors";
import versions from "./versions.json";

/** What is known of a locked release of Istio besides its files; `npm run lock -- add` reads it from the release. */
export interface IstioRelease {
    /** The release as a Go module: Istio's tags are no module versions, so this is the commit of the release's tag. */
    module: string;
    /** The Gateway API release that it is built with, and whose standard channel goes with it. */
    gatewayApi: string;
    /** Tag of Bookinfo's images. */
    bookinfo: string;
    /** Minor versions of Kubernetes: the oldest that it supports, and that of the client libraries in it. */
    kubernetes: string[];
}

/** The locked releases of Istio by version, the oldest first. */
export const ISTIO_RELEASES: Readonly<Record<string, IstioRelease>> = versions.istio;

/** The release of Istio that is installed unless another one is asked for. */
export const DEFAULT_ISTIO = versions.default;

/** The locked versions of Istio. */
export const ISTIO_VERSIONS = Object.keys(ISTIO_RELEASES);

/** The locked versions of Gateway API: those that the locked releases of Istio go with. */
export const GATEWAY_API_VERSIONS = [...new Set(Object.values(ISTIO_RELEASES).map(({ gatewayApi }) => gatewayApi))];

/** How a version becomes a locked one. */
export const LOCK_ANOTHER = "npm run lock -- add <version>";

/**
 * A locked release of Istio.
 * @throws UserError if the version is not locked
 */
export function istioRelease(version: string): IstioRelease {
    if (!Object.hasOwn(ISTIO_RELEASES, version)) {
        throw new UserError(
            `Istio ${version} is not locked: use ${ISTIO_VERSIONS.join(", ")}, ` +
                `or lock Istio's version with "${LOCK_ANOTHER}" in a checkout of istio-on-pulumi.`,
        );
    }
    return ISTIO_RELEASES[version]!;
}

/** @throws UserError if the version of Gateway API is not locked */
export function checkGatewayApi(version: string): void {
    if (GATEWAY_API_VERSIONS.includes(version)) return;
    throw new UserError(
        `Gateway API ${version} is not locked: use ${GATEWAY_API_VERSIONS.join(", ")}, ` +
            `or lock the Istio that goes with it with "${LOCK_ANOTHER}" in a checkout of istio-on-pulumi.`,
    );
}

/** The minor version that a version or an image's tag begins with, such as `1.25` of `1.25.1-distroless`. */
export function minorOf(version: string): string | undefined {
    return /^v?(\d+\.\d+)(?![\d])/.exec(version)?.[1];
}

/**
 * Whether an image's tag names another minor version than that of the charts, whose injection templates, rights and
 * CRDs are for the programs of their own. A tag that names no version is none.
 */
export function isOfOtherMinor(tag: string, version: string): boolean {
    const minor = minorOf(tag);
    return minor !== undefined && minor !== minorOf(version);
}

/** Negative if minor version `a` is older than `b`, positive if newer. */
export function compareMinors(a: string, b: string): number {
    const [majorA = 0, minorA = 0] = a.split(".").map(Number);
    const [majorB = 0, minorB = 0] = b.split(".").map(Number);
    return majorA - majorB || minorA - minorB;
}

/** Names the control plane of a namespace, a pod or a Gateway, by its revision. */
export const REVISION_LABEL = "istio.io/rev";

/** How Istio calls the control plane without a revision. */
export const WITHOUT_REVISION = "default";

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

/** The CustomResourceDefinitions without which istiod makes no gateway; each must be served at `v1`. */
export const NEEDED_GATEWAY_API_CRDS = ["gatewayclasses", "gateways", "httproutes"].map(
    (plural) => `${plural}.${GATEWAY_API_GROUP}`,
);

/** Annotation of a Gateway API CRD that holds the release it is from. */
export const GATEWAY_API_BUNDLE_VERSION = `${GATEWAY_API_GROUP}/bundle-version`;
