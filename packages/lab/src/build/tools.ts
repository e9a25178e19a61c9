/** One Go module under packages/lab/tools: what is built from it. */
export interface ToolModule {
    /** Directory under packages/lab/tools. */
    readonly name: string;
    /** Packages to build, `.` for the module's own. */
    readonly packages: readonly string[];
    /** Variables that the linker sets, as `package.name` to value: the versions that the programs report. */
    readonly variables: Readonly<Record<string, string>>;
    /** Names under which the programs are called, and the file that is built for each. */
    readonly programs: Readonly<Record<string, string>>;
    /** Files that an image holds besides its program: name in the build, and where a Go module has it. */
    readonly files?: Readonly<Record<string, { readonly module: string; readonly path: string }>>;
}

const ISTIO_VERSION = "istio.io/istio/pkg/version";
const KUBERNETES_VERSION = "k8s.io/component-base/version";

/** The Kubernetes programs are one file that looks at the name by which it is called. */
const KUBERNETES: ToolModule = {
    name: "kubernetes",
    packages: ["."],
    variables: {
        [`${KUBERNETES_VERSION}.gitVersion`]: "v1.36.3",
        [`${KUBERNETES_VERSION}.gitMajor`]: "1",
        [`${KUBERNETES_VERSION}.gitMinor`]: "36",
        [`${KUBERNETES_VERSION}.gitTreeState`]: "clean",
    },
    programs: {
        etcd: "kubernetes",
        "kube-apiserver": "kubernetes",
        "kube-controller-manager": "kubernetes",
        "kube-scheduler": "kubernetes",
        "kube-proxy": "kubernetes",
        kubectl: "kubernetes",
    },
};

const ISTIO: ToolModule = {
    name: "istio",
    packages: [
        "istio.io/istio/pilot/cmd/pilot-discovery",
        "istio.io/istio/pilot/cmd/pilot-agent",
        "istio.io/istio/istioctl/cmd/istioctl",
    ],
    variables: {
        [`${ISTIO_VERSION}.buildVersion`]: "1.25.1",
        [`${ISTIO_VERSION}.buildTag`]: "1.25.1",
        [`${ISTIO_VERSION}.buildHub`]: "docker.io/istio",
        [`${ISTIO_VERSION}.buildStatus`]: "Clean",
        [`${ISTIO_VERSION}.buildGitRevision`]: "be4b14ad8be8",
    },
    programs: { "pilot-discovery": "pilot-discovery", "pilot-agent": "pilot-agent", istioctl: "istioctl" },
    files: {
        "envoy_bootstrap.json": { module: "istio.io/istio", path: "tools/packaging/common/envoy_bootstrap.json" },
    },
};

const KWOK: ToolModule = {
    name: "kwok",
    packages: ["sigs.k8s.io/kwok/cmd/kwok"],
    variables: {},
    programs: { kwok: "kwok" },
};
const HELM: ToolModule = {
    name: "helm",
    packages: ["helm.sh/helm/v3/cmd/helm"],
    variables: { "helm.sh/helm/v3/internal/version.version": "v3.20.2" },
    programs: { helm: "helm" },
};

/** The cluster's DNS, with the plugins that the lab's configuration names and no others. */
const COREDNS: ToolModule = { name: "coredns", packages: ["."], variables: {}, programs: { coredns: "coredns" } };

/** The engine; built only where there is none on PATH. The Automation API refuses an engine without a version. */
export const PULUMI: ToolModule = {
    name: "pulumi",
    packages: ["github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"],
    variables: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": "v3.259.0" },
    programs: { pulumi: "pulumi" },
};

/** What every lab needs, in the order in which it is built. */
export const MODULES: readonly ToolModule[] = [KUBERNETES, ISTIO, KWOK, HELM, COREDNS];

/** Flags of every build: reproducible, without symbols, and nothing but what go.mod and go.sum name. */
export function buildFlags(module: ToolModule): string[] {
    const variables = Object.entries(module.variables).map(([name, value]) => `-X ${name}=${value}`);
    return ["-trimpath", "-mod=readonly", "-buildvcs=false", "-ldflags", ["-s -w", ...variables].join(" ")];
}
