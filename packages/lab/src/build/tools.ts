import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DEFAULT_ISTIO, ISTIO_HUB, istioRelease } from "@istio-on-pulumi/kube";

/** The directory of the Go modules. */
export const TOOLS = join(__dirname, "../../tools");

/** Programs that one `go build` makes out of a Go module under packages/lab/tools. */
export interface ToolBuild {
    /** Names the build: in the cache and for people. */
    readonly name: string;
    /** Directory of its module under packages/lab/tools. */
    readonly module: string;
    readonly packages: readonly string[];
    /** Variables that the linker sets, as `package.name` to value: the versions that the programs report. */
    readonly variables: (versionOf: VersionOf) => Readonly<Record<string, string>>;
    /** Names under which the programs are called, and the file that is built for each. */
    readonly programs: Readonly<Record<string, string>>;
    /** Files that a program reads at run time: name in the build, and where a Go module has it. */
    readonly files?: Readonly<Record<string, { readonly module: string; readonly path: string }>>;
    /** A module that is built at another version than go.mod requires. */
    readonly other?: OtherModule;
}

/** A module's version and its `go.sum` hashes. */
export interface OtherModule {
    readonly module: string;
    readonly version: string;
    readonly sum: string;
    readonly goModSum: string;
}

/**
 * The version that a module's go.mod requires of another module, such as `v1.33.13`.
 * @throws Error if it requires none
 */
export type VersionOf = (module: string) => string;

const HELM = "helm.sh/helm/v3";
const ENGINE_MODULE = "github.com/pulumi/pulumi/pkg/v3";
const KUBERNETES_SDK = "github.com/pulumi/pulumi-kubernetes/sdk/v4/...";
const KUBERNETES_PLUGIN_MODULE = "github.com/pulumi/pulumi-kubernetes/provider/v4";

/** What an agent starts its Envoy with. */
const BOOTSTRAP = { module: "istio.io/istio", path: "tools/packaging/common/envoy_bootstrap.json" };

/**
 * Release of the Kubernetes plugin that its Go module holds: the module proxy has no newer one, and tells it by date
 * and commit.
 */
export const BUILT_PLUGIN_VERSION = "4.25.0";

/** The cluster's programs, and the command-line tools of its users. */
export const CLUSTER: ToolBuild = {
    name: "cluster",
    module: "cluster",
    packages: [
        "./cmd/kubernetes",
        "./cmd/coredns",
        "./cmd/node",
        "istio.io/istio/pilot/cmd/pilot-discovery",
        "istio.io/istio/pilot/cmd/pilot-agent",
        "istio.io/istio/istioctl/cmd/istioctl",
        "sigs.k8s.io/kwok/cmd/kwok",
        `${HELM}/cmd/helm`,
    ],
    variables: (versionOf) => ({
        ...kubernetesVariables(versionOf("k8s.io/kubernetes")),
        ...istioVariables(DEFAULT_ISTIO),
        [`${HELM}/internal/version.version`]: versionOf(HELM),
    }),
    programs: {
        // The Kubernetes programs are one file that looks at the name by which it is called.
        etcd: "kubernetes",
        "kube-apiserver": "kubernetes",
        "kube-controller-manager": "kubernetes",
        "kube-scheduler": "kubernetes",
        "kube-proxy": "kubernetes",
        kubectl: "kubernetes",
        "kube-network-policies": "kubernetes",
        coredns: "coredns",
        "node-server": "node",
        "pilot-discovery": "pilot-discovery",
        "pilot-agent": "pilot-agent",
        istioctl: "istioctl",
        kwok: "kwok",
        helm: "helm",
    },
    files: {
        "envoy_bootstrap.json": BOOTSTRAP,
    },
};

/** The parts of a release of Istio that run in pods, beside those of the default release. */
export function istioBuild(version: string, other: OtherModule): ToolBuild {
    return {
        name: `istio-${version}`,
        module: "cluster",
        packages: ["istio.io/istio/pilot/cmd/pilot-discovery", "istio.io/istio/pilot/cmd/pilot-agent"],
        variables: () => istioVariables(version),
        programs: { [`pilot-discovery-${version}`]: "pilot-discovery", [`pilot-agent-${version}`]: "pilot-agent" },
        files: { [`envoy_bootstrap-${version}.json`]: BOOTSTRAP },
        other,
    };
}

/** Pulumi's Kubernetes plugin; built only where no official one can be had. */
export const KUBERNETES_PLUGIN: ToolBuild = {
    name: "kubernetes-plugin",
    module: "cluster",
    packages: ["./cmd/pulumi-resource-kubernetes"],
    variables: () => ({ "main.version": BUILT_PLUGIN_VERSION }),
    programs: { "pulumi-resource-kubernetes": "pulumi-resource-kubernetes" },
    files: {
        "schema.json": { module: KUBERNETES_PLUGIN_MODULE, path: "cmd/pulumi-resource-kubernetes/schema.json" },
        "terraform-mapping.json": {
            module: KUBERNETES_PLUGIN_MODULE,
            path: "cmd/pulumi-resource-kubernetes/terraform-mapping.json",
        },
    },
};

/** Pulumi's engine; built only where there is none on PATH. The Automation API refuses an engine without a version. */
export const ENGINE: ToolBuild = {
    name: "engine",
    module: "cluster",
    packages: [`${ENGINE_MODULE}/cmd/pulumi`],
    variables: (versionOf) => ({
        "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": versionOf(ENGINE_MODULE),
    }),
    programs: { pulumi: "pulumi" },
};

function istioVariables(version: string): Record<string, string> {
    const variables = {
        buildVersion: version,
        buildTag: version,
        buildHub: ISTIO_HUB,
        buildStatus: "Clean",
        buildGitRevision: istioRelease(version).module.split("-").at(-1) ?? "",
    };
    return Object.fromEntries(
        Object.entries(variables).map(([name, value]) => [`istio.io/istio/pkg/version.${name}`, value]),
    );
}

const YAML_MODULE = "github.com/pulumi/pulumi-yaml";

/** Pulumi YAML's language host, in a module of its own: it compiles with another release of the SDK than the engine. */
export const YAML_HOST: ToolBuild = {
    name: "yaml-host",
    module: "yaml",
    packages: [`${YAML_MODULE}/cmd/pulumi-language-yaml`],
    variables: (versionOf) => ({ [`${YAML_MODULE}/pkg/version.Version`]: versionOf(YAML_MODULE) }),
    programs: { "pulumi-language-yaml": "pulumi-language-yaml" },
};

function kubernetesVariables(version: string): Record<string, string> {
    const [, major = "", minor = ""] = /^v(\d+)\.(\d+)/.exec(version) ?? [];
    const variables = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: "clean" };
    return Object.fromEntries(
        Object.entries(variables).map(([name, value]) => [`k8s.io/component-base/version.${name}`, value]),
    );
}

/** Reads which versions a go.mod requires. @param file path of the go.mod */
export async function requiredVersions(file: string): Promise<VersionOf> {
    const lines = (await readFile(file, "utf8")).matchAll(/^(?:require)?\s+(\S+) (v\S+)/gm);
    const versions = new Map(Array.from(lines, ([, module = "", version = ""]) => [module, version]));
    return (module) => {
        const version = versions.get(module);
        if (version === undefined) throw new Error(`${file} does not require ${module}`);
        return version;
    };
}

/** With another module's version go.mod and go.sum are made for the build; else they are what they are. */
export const modFlag = ({ other }: ToolBuild) => (other ? "-mod=mod" : "-mod=readonly");

/** Flags of every build: reproducible, without symbols, and nothing but what go.mod and go.sum name. */
export function buildFlags(build: ToolBuild, versionOf: VersionOf): string[] {
    const variables = Object.entries(build.variables(versionOf)).map(([name, value]) => `-X ${name}=${value}`);
    const ldflags = ["-s -w", ...variables].join(" ");
    return [
        "-trimpath",
        modFlag(build),
        "-buildvcs=false",
        // Envoy's API has a validator for each message, an eighth of Istio's packages, which nothing here calls.
        "-tags=disable_pgv",
        // The linker drops debug information anyway: not making it is a tenth of the compiler's work.
        "-gcflags=all=-dwarf=false",
        // A third of all work is the plugin's generated types; without inlining it is a fifth less. The last flag count
        `-gcflags=${KUBERNETES_SDK}=-dwarf=false -l`,
        "-ldflags",
        ldflags,
    ];
}
