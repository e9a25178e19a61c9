import { ADDONS, GATEWAY_API_VERSION, ISTIO_MODULE_VERSION, ISTIO_VERSION } from "@istio-on-pulumi/kube";

/**
 * What this project takes from its upstreams. `lock.json` holds the checksums of exactly these files;
 * after a change here, `update-lock.ts` writes it anew.
 */

/** The Helm charts that are used, by chart name, and the folder (a lock path) that each is found in. */
export const CHART_FOLDERS = {
    base: `istio-${ISTIO_VERSION}/manifests/charts/base`,
    istiod: `istio-${ISTIO_VERSION}/manifests/charts/istio-control/istio-discovery`,
} as const;

/** A chart that `UpstreamFiles.chart` can hand out. */
export type ChartName = keyof typeof CHART_FOLDERS;

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

/** The upstream trees. A lock path is `<root>/<path in the tree>`. */
export const SELECTED_TREES: readonly SelectedTree[] = [
    {
        root: `istio-${ISTIO_VERSION}`,
        baseUrl: `https://raw.githubusercontent.com/istio/istio/${ISTIO_VERSION}`,
        module: "istio.io/istio",
        moduleVersion: ISTIO_MODULE_VERSION,
        folders: Object.values(CHART_FOLDERS).map((folder) => folder.slice(folder.indexOf("/") + 1)),
        files: [
            ...ADDONS.map((addon) => `samples/addons/${addon}.yaml`),
            "samples/bookinfo/demo-profile-no-gateways.yaml",
            "samples/bookinfo/gateway-api/bookinfo-gateway.yaml",
            "samples/bookinfo/platform/kube/bookinfo.yaml",
        ],
    },
    {
        root: `gateway-api-${GATEWAY_API_VERSION}`,
        baseUrl: `https://raw.githubusercontent.com/kubernetes-sigs/gateway-api/${GATEWAY_API_VERSION}`,
        module: "sigs.k8s.io/gateway-api",
        moduleVersion: GATEWAY_API_VERSION,
        folders: ["config/crd/standard"],
        files: ["config/crd/kustomization.yaml"],
    },
];
