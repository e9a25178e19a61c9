import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { LabPlace } from "../place";
import { processImages } from "../pods/images";
import { podsDir } from "../pods/pod-file";
import {
    API_SERVER,
    ETCD_CLIENT,
    KUBELET_PORT,
    KWOK_CIDR,
    NODE_IP,
    NODE_NAME,
    POD_CIDR,
    PORTS,
    SERVICE_CIDR,
} from "./addresses";
import { auditFiles, auditFlags } from "./audit";
import { KUBELET_CLIENT, type LeafName, type Pki } from "./pki";
import type { HttpProbe } from "./probes";
import type { ProxyMode } from "./proxy-mode";

/** One program of the control plane: how it is started and how it shows that it is ready. */
export interface Part {
    readonly name: string;
    /** Name of the program in the lab's directory of programs. */
    readonly program: string;
    readonly args: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
    readonly ready: HttpProbe;
    /** Parts that must be ready first. */
    readonly after: readonly string[];
    /** Milliseconds between SIGTERM and SIGKILL. */
    readonly graceMs: number;
}

/** File of the kubeconfig that a part or a watcher uses. */
export const kubeconfigOf = (place: LabPlace, user: LeafName) => join(place.state, "kubeconfigs", `${user}.kubeconfig`);

/** Users whose kubeconfigs the parts need. */
export const KUBECONFIG_USERS = [
    "controller-manager",
    "scheduler",
    "proxy",
    "node",
    "kwok",
    "volumes",
    "dns",
] as const satisfies readonly LeafName[];

/** The control plane's programs in the order in which they can start. */
export function controlPlane(place: LabPlace, pki: Pki, mode: ProxyMode): Part[] {
    return [
        etcd(place, pki),
        apiServer(place, pki),
        controllerManager(place, pki),
        scheduler(place, pki),
        kubeProxy(place, mode),
        kwok(place),
        coreDns(place),
        nodeServer(place, pki),
    ];
}

/** Configuration files of the parts, by path. @param dataPlane whether sidecars run: kwok simulates the other pods. */
export function partFiles(place: LabPlace, dataPlane: boolean): Record<string, string> {
    const stages = readFileSync(join(__dirname, "kwok-stages.yaml"), "utf8").replaceAll(
        "PROCESS_IMAGES",
        processImages(dataPlane),
    );
    return {
        [stagesFile(place)]: stages,
        [corefile(place)]: CLUSTER_DNS(kubeconfigOf(place, "dns")),
        ...auditFiles(place),
    };
}

const stagesFile = (place: LabPlace) => join(place.state, "kwok-stages.yaml");
const corefile = (place: LabPlace) => join(place.state, "Corefile");

/** Names of the cluster alone: whatever else is asked for does not exist, and nothing is asked of anybody outside. */
const CLUSTER_DNS = (kubeconfig: string) => `.:53 {
    bind ${NODE_IP}
    errors
    ready 127.0.0.1:${PORTS.dnsReady}
    kubernetes cluster.local in-addr.arpa {
        kubeconfig ${kubeconfig}
        ttl 5
    }
    template ANY ANY . {
        rcode NXDOMAIN
    }
}
`;

const loopback = (port: number, path: string) => `http://127.0.0.1:${port}${path}`;

function etcd(place: LabPlace, pki: Pki): Part {
    const peer = "http://127.0.0.1:2380";
    return {
        name: "etcd",
        program: "etcd",
        args: [
            "--name=lab",
            `--data-dir=${join(place.state, "etcd")}`,
            `--listen-client-urls=${ETCD_CLIENT}`,
            `--advertise-client-urls=${ETCD_CLIENT}`,
            `--listen-peer-urls=${peer}`,
            `--initial-advertise-peer-urls=${peer}`,
            `--initial-cluster=lab=${peer}`,
            `--cert-file=${pki.file("etcd", "crt")}`,
            `--key-file=${pki.file("etcd", "key")}`,
            `--trusted-ca-file=${pki.file("ca", "crt")}`,
            "--client-cert-auth",
            `--listen-metrics-urls=${loopback(PORTS.etcdHealth, "")}`,
            // A lab survives a killed etcd without it; only a crash of the machine could cost its last writes.
            "--unsafe-no-fsync",
            "--log-level=warn",
        ],
        ready: { url: loopback(PORTS.etcdHealth, "/readyz") },
        after: [],
        graceMs: 5000,
    };
}

function apiServer(place: LabPlace, pki: Pki): Part {
    return {
        name: "kube-apiserver",
        program: "kube-apiserver",
        args: [
            `--advertise-address=${NODE_IP}`,
            `--bind-address=${NODE_IP}`,
            "--secure-port=6443",
            `--tls-cert-file=${pki.file("kube-apiserver", "crt")}`,
            `--tls-private-key-file=${pki.file("kube-apiserver", "key")}`,
            `--client-ca-file=${pki.file("ca", "crt")}`,
            `--etcd-servers=${ETCD_CLIENT}`,
            `--etcd-cafile=${pki.file("ca", "crt")}`,
            `--etcd-certfile=${pki.file("etcd-client", "crt")}`,
            `--etcd-keyfile=${pki.file("etcd-client", "key")}`,
            "--authorization-mode=Node,RBAC",
            "--allow-privileged",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            `--service-account-key-file=${pki.file("service-account", "pub")}`,
            `--service-account-signing-key-file=${pki.file("service-account", "key")}`,
            `--service-cluster-ip-range=${SERVICE_CIDR}`,
            `--requestheader-client-ca-file=${pki.file("ca", "crt")}`,
            "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            `--proxy-client-cert-file=${pki.file("front-proxy-client", "crt")}`,
            `--proxy-client-key-file=${pki.file("front-proxy-client", "key")}`,
            // Webhooks are called at their endpoints' addresses, not through the Service's.
            "--enable-aggregator-routing=true",
            `--kubelet-certificate-authority=${pki.file("ca", "crt")}`,
            `--kubelet-client-certificate=${pki.file("kubelet-client", "crt")}`,
            `--kubelet-client-key=${pki.file("kubelet-client", "key")}`,
            // The node's name is in no DNS.
            "--kubelet-preferred-address-types=InternalIP",
            "--profiling=false",
            ...auditFlags(place),
        ],
        ready: {
            url: `${API_SERVER}/readyz`,
            ca: pki.pem("ca", "crt"),
            cert: pki.pem("admin", "crt"),
            key: pki.pem("admin", "key"),
        },
        after: ["etcd"],
        graceMs: 8000,
    };
}

/** Flags of a component that serves its health over TLS on loopback and asks the API server who may see more. */
function servedOnLoopback(kubeconfig: string, pki: Pki): string[] {
    return [
        `--kubeconfig=${kubeconfig}`,
        `--authentication-kubeconfig=${kubeconfig}`,
        `--authorization-kubeconfig=${kubeconfig}`,
        "--bind-address=127.0.0.1",
        `--tls-cert-file=${pki.file("loopback", "crt")}`,
        `--tls-private-key-file=${pki.file("loopback", "key")}`,
        // There is one of each, so nobody to lead.
        "--leader-elect=false",
        "--profiling=false",
    ];
}

function controllerManager(place: LabPlace, pki: Pki): Part {
    return {
        name: "kube-controller-manager",
        program: "kube-controller-manager",
        args: [
            ...servedOnLoopback(kubeconfigOf(place, "controller-manager"), pki),
            `--root-ca-file=${pki.file("ca", "crt")}`,
            `--service-account-private-key-file=${pki.file("service-account", "key")}`,
            `--cluster-signing-cert-file=${pki.file("ca", "crt")}`,
            `--cluster-signing-key-file=${pki.file("ca", "key")}`,
            "--use-service-account-credentials=true",
            `--cluster-cidr=${POD_CIDR}`,
            `--service-cluster-ip-range=${SERVICE_CIDR}`,
            // A claim that somebody else changes at the same moment is looked at again only then; default: 15 s.
            "--pvclaimbinder-sync-period=1s",
        ],
        ready: { url: `https://127.0.0.1:${PORTS.controllerManager}/healthz`, ca: pki.pem("ca", "crt") },
        after: ["kube-apiserver"],
        graceMs: 5000,
    };
}

function scheduler(place: LabPlace, pki: Pki): Part {
    return {
        name: "kube-scheduler",
        program: "kube-scheduler",
        args: servedOnLoopback(kubeconfigOf(place, "scheduler"), pki),
        ready: { url: `https://127.0.0.1:${PORTS.scheduler}/readyz`, ca: pki.pem("ca", "crt") },
        after: ["kube-apiserver"],
        graceMs: 5000,
    };
}

function kubeProxy(place: LabPlace, mode: ProxyMode): Part {
    return {
        name: "kube-proxy",
        program: "kube-proxy",
        args: [
            `--kubeconfig=${kubeconfigOf(place, "proxy")}`,
            `--proxy-mode=${mode}`,
            `--hostname-override=${NODE_NAME}`,
            `--cluster-cidr=${POD_CIDR}`,
            `--healthz-bind-address=127.0.0.1:${PORTS.kubeProxy}`,
            `--metrics-bind-address=127.0.0.1:${PORTS.kubeProxyMetrics}`,
            // These would be settings of the whole machine.
            "--conntrack-max-per-core=0",
            "--conntrack-tcp-timeout-established=0s",
            "--conntrack-tcp-timeout-close-wait=0s",
        ],
        ready: { url: loopback(PORTS.kubeProxy, "/livez") },
        // The node must exist: kube-proxy reads its address from it once.
        after: ["kube-apiserver", "objects"],
        graceMs: 3000,
    };
}

function kwok(place: LabPlace): Part {
    return {
        name: "kwok",
        program: "kwok",
        args: [
            `--kubeconfig=${kubeconfigOf(place, "kwok")}`,
            `--config=${stagesFile(place)}`,
            `--manage-single-node=${NODE_NAME}`,
            `--node-name=${NODE_NAME}`,
            `--node-ip=${NODE_IP}`,
            `--cidr=${KWOK_CIDR}`,
            "--node-lease-duration-seconds=40",
            `--server-address=127.0.0.1:${PORTS.kwok}`,
        ],
        // Or it would read a configuration of the user's.
        env: { KWOK_WORKDIR: join(place.state, "kwok") },
        ready: { url: loopback(PORTS.kwok, "/healthz") },
        after: ["kube-apiserver", "objects"],
        graceMs: 3000,
    };
}

function coreDns(place: LabPlace): Part {
    return {
        name: "coredns",
        program: "coredns",
        args: ["-conf", corefile(place), "-quiet"],
        ready: { url: loopback(PORTS.dnsReady, "/ready") },
        after: ["kube-apiserver", "objects"],
        graceMs: 3000,
    };
}

/** Answers kubectl logs, exec, attach and port-forward for the pods that run as processes. */
function nodeServer(place: LabPlace, pki: Pki): Part {
    return {
        name: "node-server",
        program: "node-server",
        args: [
            `--address=${NODE_IP}:${KUBELET_PORT}`,
            `--tls-cert-file=${pki.file("kubelet", "crt")}`,
            `--tls-private-key-file=${pki.file("kubelet", "key")}`,
            `--client-ca-file=${pki.file("ca", "crt")}`,
            `--client-name=${KUBELET_CLIENT}`,
            `--pods=${podsDir(place)}`,
        ],
        ready: {
            url: `https://${NODE_IP}:${KUBELET_PORT}/healthz`,
            ca: pki.pem("ca", "crt"),
            cert: pki.pem("kubelet-client", "crt"),
            key: pki.pem("kubelet-client", "key"),
        },
        after: [],
        graceMs: 3000,
    };
}
