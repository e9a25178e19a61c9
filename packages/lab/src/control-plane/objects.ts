import { totalmem } from "node:os";
import type {
    KubeConfig,
    KubernetesObject,
    V1ClusterRole,
    V1ClusterRoleBinding,
    V1EndpointSlice,
    V1Node,
    V1Service,
    V1StorageClass,
} from "@kubernetes/client-node";
import { DNS_SERVICE_IP, KUBELET_PORT, NODE_IP, NODE_NAME } from "./addresses";

/** Provisioner of the lab's storage class. */
export const VOLUME_PROVISIONER = "istio-on-pulumi/lab-volumes";

// Pods that kwok simulates use nothing: the node has room for any requests.
const CAPACITY = {
    cpu: "256",
    memory: `${Math.floor(totalmem() / 2 ** 20) * 16}Mi`,
    "ephemeral-storage": "10Ti",
    pods: "10000",
};

const NODE: V1Node = {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
        name: NODE_NAME,
        labels: {
            "kubernetes.io/hostname": NODE_NAME,
            "kubernetes.io/os": "linux",
            "kubernetes.io/arch": process.arch === "x64" ? "amd64" : process.arch,
            type: "kwok",
        },
        annotations: { "kwok.x-k8s.io/node": "fake", "node.alpha.kubernetes.io/ttl": "0" },
    },
    spec: {},
    status: {
        addresses: [
            { type: "InternalIP", address: NODE_IP },
            { type: "Hostname", address: NODE_NAME },
        ],
        daemonEndpoints: { kubeletEndpoint: { Port: KUBELET_PORT } },
        capacity: CAPACITY,
        allocatable: CAPACITY,
    },
};

const STORAGE_CLASS: V1StorageClass = {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name: "standard", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
    provisioner: VOLUME_PROVISIONER,
    reclaimPolicy: "Delete",
    volumeBindingMode: "Immediate",
    allowVolumeExpansion: true,
};

/** kwok lists all nodes, watches leases and takes finalizers from pods, which a node may not do. */
const KWOK_RULES: V1ClusterRole = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: "lab-kwok" },
    rules: [
        { apiGroups: [""], resources: ["nodes", "pods"], verbs: ["get", "list", "watch", "patch", "update", "delete"] },
        { apiGroups: [""], resources: ["nodes/status", "pods/status"], verbs: ["patch", "update"] },
        {
            apiGroups: ["coordination.k8s.io"],
            resources: ["leases"],
            verbs: ["get", "list", "watch", "create", "patch", "update", "delete"],
        },
        { apiGroups: ["", "events.k8s.io"], resources: ["events"], verbs: ["create", "patch", "update"] },
    ],
};

/** On top of what a provisioner may do, as external resizers have it. */
const RESIZER_RULES: V1ClusterRole = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: "lab-volume-resizer" },
    rules: [
        { apiGroups: [""], resources: ["persistentvolumes"], verbs: ["patch"] },
        { apiGroups: [""], resources: ["persistentvolumeclaims/status"], verbs: ["patch"] },
    ],
};

const DNS_RULES: V1ClusterRole = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: "lab-dns" },
    rules: [
        { apiGroups: [""], resources: ["services", "namespaces", "pods"], verbs: ["list", "watch"] },
        { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
    ],
};

/** Gives a user of the lab a role. */
const bindingOf = (user: string, role = user, name = user): V1ClusterRoleBinding => ({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: user }],
});

const BINDINGS = [
    bindingOf("lab-kwok"),
    bindingOf("lab-dns"),
    bindingOf("lab-volume-provisioner", "system:persistent-volume-provisioner"),
    bindingOf("lab-volume-provisioner", "lab-volume-resizer", "lab-volume-resizer"),
];

const DNS = { namespace: "kube-system", name: "kube-dns" };

/** As installers make it, but for the pods: the server is a part of the lab, at the node's address. */
const DNS_SERVICE: V1Service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { ...DNS, labels: { "k8s-app": "kube-dns", "kubernetes.io/name": "CoreDNS" } },
    spec: {
        clusterIP: DNS_SERVICE_IP,
        ports: [
            { name: "dns", protocol: "UDP", port: 53 },
            { name: "dns-tcp", protocol: "TCP", port: 53 },
        ],
    },
};

const DNS_ENDPOINTS: V1EndpointSlice = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { ...DNS, labels: { "kubernetes.io/service-name": "kube-dns" } },
    addressType: "IPv4",
    endpoints: [{ addresses: [NODE_IP], conditions: { ready: true }, nodeName: NODE_NAME }],
    ports: [
        { name: "dns", protocol: "UDP", port: 53 },
        { name: "dns-tcp", protocol: "TCP", port: 53 },
    ],
};

type Named = KubernetesObject & { metadata: { name: string; namespace?: string } };

/**
 * Creates what a cluster's installer would create: the node, the default storage class, the Service of the DNS, and
 * what kwok, the DNS and the volume provisioner may do. Leaves what exists.
 */
export async function createClusterObjects(config: KubeConfig): Promise<void> {
    const { KubernetesObjectApi } = await import("@kubernetes/client-node");
    const api = KubernetesObjectApi.makeApiClient(config);
    const create = async (object: KubernetesObject): Promise<void> => {
        try {
            await api.create(object);
        } catch (error) {
            const { code } = error as { code?: number };
            // A Service that exists is refused for its address, which is taken, before its name is looked at.
            const exists =
                code === 409 ||
                (code === 422 &&
                    (await api.read(object as Named).then(
                        () => true,
                        () => false,
                    )));
            if (!exists) throw error;
        }
    };
    for (const object of [
        NODE,
        STORAGE_CLASS,
        KWOK_RULES,
        RESIZER_RULES,
        DNS_RULES,
        ...BINDINGS,
        DNS_SERVICE,
        DNS_ENDPOINTS,
    ])
        await create(object);
}
