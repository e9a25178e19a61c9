import { ADDONS, ISTIO_RELEASES, type IstioRelease } from "@istio-on-pulumi/kube";

/**
 * What this project takes from its upstreams at each locked version. `lock.json` holds the checksums of exactly these
 * files; after a change here, `npm run lock -- update` writes it anew.
 */

/** The Helm charts that are used, by chart name, and the folder of Istio's tree that each is found in. */
export const CHART_FOLDERS = {
    base: "manifests/charts/base",
    istiod: "manifests/charts/istio-control/istio-discovery",
} as const;

/** A chart that `UpstreamFiles.chart` can hand out. */
export type ChartName = keyof typeof CHART_FOLDERS;

/** The folder of Gateway API's tree that holds its standard channel. */
export const CRD_FOLDER = "config/crd/standard";

/** The first segment of the lock paths of a release's files. */
export const istioTree = (version: string) => `istio-${version}`;
export const gatewayApiTree = (version: string) => `gateway-api-${version}`;

/** One upstream source tree at one version. */
export interface SelectedTree {
    /** First segment of its files' lock paths. */
    readonly root: string;
    /** The URL below which each file is served, without a trailing slash. */
    readonly baseUrl: string;
    /** The Go module with the same bytes. */
    readonly module: string;
    /** That module's version. */
    readonly moduleVersion: string;
    /** Folders (relative to the tree) taken whole. */
    readonly folders: readonly string[];
    /** Single files (relative to the tree). */
    readonly files: readonly string[];
}

/** The upstream trees of releases of Istio. A lock path is `<root>/<path in the tree>`. */
export function selectedTrees(releases: Readonly<Record<string, IstioRelease>> = ISTIO_RELEASES): SelectedTree[] {
    const gatewayApis = new Set(Object.values(releases).map(({ gatewayApi }) => gatewayApi));
    return [
        ...Object.entries(releases).map(([version, { module }]) => ({
            root: istioTree(version),
            baseUrl: `https://raw.githubusercontent.com/istio/istio/${version}`,
            module: ISTIO_MODULE,
            moduleVersion: module,
            folders: Object.values(CHART_FOLDERS),
            files: [
                ...ADDONS.map((addon) => `samples/addons/${addon}.yaml`),
                "samples/bookinfo/demo-profile-no-gateways.yaml",
                "samples/bookinfo/gateway-api/bookinfo-gateway.yaml",
                BOOKINFO,
            ],
        })),
        ...[...gatewayApis].map((version) => ({
            root: gatewayApiTree(version),
            baseUrl: `https://raw.githubusercontent.com/kubernetes-sigs/gateway-api/${version}`,
            module: GATEWAY_API_MODULE,
            moduleVersion: version,
            folders: [CRD_FOLDER],
            files: ["config/crd/kustomization.yaml"],
        })),
    ];
}

export const ISTIO_MODULE = "istio.io/istio";
export const GATEWAY_API_MODULE = "sigs.k8s.io/gateway-api";

/** Bookinfo's manifest in Istio's tree. */
export const BOOKINFO = "samples/bookinfo/platform/kube/bookinfo.yaml";
