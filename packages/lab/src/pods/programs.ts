import { join } from "node:path";
import type { V1Container, V1Pod } from "@kubernetes/client-node";
import { DEFAULT_ISTIO, ISTIO_VERSIONS, WITHOUT_REVISION } from "@istio-on-pulumi/kube";
import type { LabPlace } from "../place";
import { bookinfoImage, parseImage } from "./images";

/** How a container's image is run as a process of the lab. */
export interface ContainerProgram {
    /** What it is, for people. */
    readonly title: string;
    /** The version of Istio that it is of, if it is Istio's. */
    readonly istio?: string;
    /** Command where the container names none; paths are those that the process sees. */
    readonly entrypoint: readonly [string, ...string[]];
    /** Arguments after the container's own. */
    readonly extraArgs: readonly string[];
    /** Variables on top of the container's own. */
    readonly extraEnv: Readonly<Record<string, string>>;
    /** What the image holds, as path inside to file or directory of the lab. */
    readonly files: Readonly<Record<string, string>>;
    /** Small files that the image holds, as path inside to content. */
    readonly texts?: Readonly<Record<string, string>>;
    /** Whether it needs the system's libraries and programs, read-only: it is not one static file. */
    readonly system: boolean;
    /** User of the image, where the pod names none. */
    readonly uid: number;
    readonly gid: number;
}

/** The user that Istio's images run as. */
const ISTIO_UID = 1337;
/**
 * The user of the lab's workloads: any but Istio's, whose traffic the sidecar does not capture, and in a lab of root's
 * none that a person has on the machine.
 */
const WORKLOAD_UID = 65_532;
const DEFAULT_HTTP_PORT = 9080;
/** Jaeger's API and health, and where upstream's listens for other protocols; its pod names no ports. */
const JAEGER_PORTS = [16686, 14269, 16685, 14250, 14268, 9411, 4318];

/**
 * Settings of istiod for stock Envoys, which lack three filters of Istio's own build: peer metadata exchange, ALPN
 * override and Istio's metrics. They are the process's alone and seen nowhere in the cluster.
 */
const FOR_STOCK_ENVOY = { PILOT_ENABLE_METADATA_EXCHANGE: "false", PILOT_ENABLE_ALPN_FILTER: "false" };
const MESH_CONFIG_FILE = "/etc/lab/mesh.yaml";
/** The provider of that name makes Istio's metrics filter; as an access log into nothing it makes none. */
const MESH_CONFIG = "extensionProviders: [{name: prometheus, envoyFileAccessLog: {path: /dev/null}}]\n";

/**
 * The program for a container of a pod that runs as processes, or undefined if the lab has none.
 * @param dataPlane whether sidecars run; istiod is told to make configuration for them then.
 */
export function programFor(
    pod: V1Pod,
    container: V1Container,
    place: LabPlace,
    dataPlane: boolean,
): ContainerProgram | undefined {
    const image = container.image ?? "";
    const { base, tag } = parseImage(image);
    if (base === "pilot") return pilot(pod, istioOf(tag), place, dataPlane);
    if (!dataPlane) return undefined;
    if (base === "proxyv2") return proxy(container, istioOf(tag), place);
    if (base === "all-in-one") return workload("Jaeger", ["jaeger"], JAEGER_PORTS, place);
    const bookinfo = bookinfoImage(image);
    if (bookinfo)
        return workload(
            `${bookinfo.application} ${bookinfo.version}`,
            [bookinfo.application, bookinfo.version],
            portsOf(container),
            place,
        );
    const hasSidecar = pod.spec?.containers.some((other) => parseImage(other.image ?? "").base === "proxyv2");
    return hasSidecar ? workload("HTTP echo", ["echo"], portsOf(container), place) : undefined;
}

/** The version of Istio that runs for a tag: a locked one, else the default. */
function istioOf(tag: string): string {
    const [version = ""] = /^\d+\.\d+\.\d+/.exec(tag) ?? [];
    return ISTIO_VERSIONS.includes(version) ? version : DEFAULT_ISTIO;
}

/** What the files of a version have behind their names; those of the default one have nothing. */
const suffixOf = (version: string) => (version === DEFAULT_ISTIO ? "" : `-${version}`);

function pilot(pod: V1Pod, istio: string, place: LabPlace, dataPlane: boolean): ContainerProgram {
    const program = "/usr/local/bin/pilot-discovery";
    const same = {
        title: `istiod ${istio}`,
        istio,
        entrypoint: [program] as const,
        files: { [program]: join(place.bin, `pilot-discovery${suffixOf(istio)}`) },
        system: false,
        uid: ISTIO_UID,
        gid: ISTIO_UID,
    };
    if (!dataPlane) return { ...same, extraArgs: [], extraEnv: {} };
    return {
        ...same,
        // The mesh's own ConfigMap is still read, as the shared one.
        extraArgs: [`--meshConfig=${MESH_CONFIG_FILE}`],
        extraEnv: { ...FOR_STOCK_ENVOY, SHARED_MESH_CONFIG: meshConfigMap(pod) },
        texts: { [MESH_CONFIG_FILE]: MESH_CONFIG },
    };
}

/** Name of the ConfigMap with the mesh's configuration, as istiod itself finds it: by its revision, if it has one. */
function meshConfigMap(pod: V1Pod): string {
    const revision = pod.spec?.containers[0]?.env?.find(({ name }) => name === "REVISION")?.value ?? WITHOUT_REVISION;
    return revision === WITHOUT_REVISION ? "istio" : `istio-${revision}`;
}

/** istio-init, istio-proxy and a gateway's proxy are one image: its agent looks at its arguments. */
function proxy(container: V1Container, istio: string, place: LabPlace): ContainerProgram {
    const envoy = "/lab/envoy";
    const agent = "/lab/pilot-agent";
    const own = JSON.parse(container.env?.find(({ name }) => name === "PROXY_CONFIG")?.value || "{}") as Record<
        string,
        unknown
    >;
    return {
        title: `pilot-agent ${istio} with Envoy`,
        istio,
        entrypoint: [agent],
        extraArgs: [],
        extraEnv: {
            // One worker a proxy: the lab's proxies share one machine.
            PROXY_CONFIG: JSON.stringify({ concurrency: 1, ...own, binaryPath: envoy }),
            // Or the agent asks the metadata servers of clouds for two seconds.
            CLOUD_PLATFORM: "none",
        },
        files: {
            [agent]: join(place.bin, `pilot-agent${suffixOf(istio)}`),
            [envoy]: join(place.bin, "envoy"),
            "/var/lib/istio/envoy/envoy_bootstrap_tmpl.json": join(
                place.images,
                `envoy_bootstrap${suffixOf(istio)}.json`,
            ),
        },
        system: true,
        uid: ISTIO_UID,
        gid: ISTIO_UID,
    };
}

function portsOf({ ports = [] }: V1Container): number[] {
    const tcp = ports.filter(({ protocol }) => (protocol ?? "TCP") === "TCP");
    return tcp.length > 0 ? tcp.map(({ containerPort }) => containerPort) : [DEFAULT_HTTP_PORT];
}

function workload(title: string, args: readonly string[], ports: readonly number[], place: LabPlace): ContainerProgram {
    return {
        title: `the lab's own ${title}`,
        // A command of the pod is for the image that it names, which does not run here.
        entrypoint: ["/lab/node", "/lab/workloads/main.js", ...args],
        extraArgs: [],
        extraEnv: { LAB_PORTS: ports.join(",") },
        files: { "/lab/node": process.execPath, "/lab/workloads": join(place.images, "workloads") },
        system: true,
        uid: WORKLOAD_UID,
        gid: WORKLOAD_UID,
    };
}

/** The command of a container: a workload of the lab takes none of the pod's, other programs all. */
export function commandOf(container: V1Container, program: ContainerProgram): readonly string[] {
    if (program.uid === WORKLOAD_UID) return program.entrypoint;
    return [...(container.command ?? program.entrypoint), ...(container.args ?? []), ...program.extraArgs];
}
