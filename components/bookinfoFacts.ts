/** One version of one service: a Deployment. */
export interface BookinfoWorkload {
    readonly service: string;
    readonly version: string;
    /** Directories that the container writes to, as an empty volume's name and its mount path. */
    readonly scratch: Readonly<Record<string, string>>;
    readonly env: Readonly<Record<string, string>>;
    /** Annotations of its pods. */
    readonly podAnnotations: Readonly<Record<string, string>>;
}

/** The port that every Bookinfo service listens on. */
export const BOOKINFO_PORT = 9080;

const plain = { scratch: {}, env: {}, podAnnotations: {} };
/** Reviews runs on a Java server that writes its logs and its unpacked application. */
const reviews = {
    ...plain,
    scratch: { "wlp-output": "/opt/ibm/wlp/output", tmp: "/tmp" },
    env: { LOG_DIR: "/tmp/logs" },
};

/**
 * The six Deployments of Bookinfo, the same in every locked release; each service they name has one Service and one
 * ServiceAccount.
 */
export const BOOKINFO_WORKLOADS: readonly BookinfoWorkload[] = [
    { ...plain, service: "details", version: "v1" },
    { ...plain, service: "ratings", version: "v1" },
    { ...reviews, service: "reviews", version: "v1" },
    { ...reviews, service: "reviews", version: "v2" },
    { ...reviews, service: "reviews", version: "v3" },
    {
        ...plain,
        service: "productpage",
        version: "v1",
        scratch: { tmp: "/tmp" },
        podAnnotations: {
            "prometheus.io/scrape": "true",
            "prometheus.io/port": String(BOOKINFO_PORT),
            "prometheus.io/path": "/metrics",
        },
    },
];

/** The four services, each once. */
export const BOOKINFO_SERVICES = [...new Set(BOOKINFO_WORKLOADS.map((workload) => workload.service))];

/**
 * What Pod Security's level `restricted` asks of a container. Upstream's images run as 1000 and 1001 by themselves; the
 * pod's own context stays empty, for istio-init beside them needs more.
 */
export const BOOKINFO_SECURITY_CONTEXT = {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    runAsNonRoot: true,
    seccompProfile: { type: "RuntimeDefault" },
};

/** Who asks each service; productpage is asked by the gateway. */
export const BOOKINFO_CALLERS: Readonly<Record<string, readonly string[]>> = {
    details: ["productpage"],
    ratings: ["reviews"],
    reviews: ["productpage"],
    productpage: [],
};

/** Paths of productpage that the gateway lets in. */
export const BOOKINFO_ROUTES = [
    { type: "Exact", value: "/productpage" },
    { type: "PathPrefix", value: "/static" },
    { type: "Exact", value: "/login" },
    { type: "Exact", value: "/logout" },
    { type: "PathPrefix", value: "/api/v1/products" },
] as const;
