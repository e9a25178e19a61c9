/**
 * The lab's addresses. Each lab lives in a network namespace of its own, so that all labs use the same ones.
 * The halves of the pod network keep the pods that kwok simulates apart from the pods that run as processes.
 */
export const NODE_NAME = "lab-node";
/** Address of the node, on `lo` of the lab's namespace: API server and node ports answer here. */
export const NODE_IP = "10.240.0.10";
/** Where the node ports are open outside of the lab's namespace and inside, too. */
export const NODE_PORT_ADDRESS = "127.0.0.1";
export const SERVICE_CIDR = "10.96.0.0/16";
/** Address of the Service `kubernetes`: the first one of the range. */
export const API_SERVICE_IP = "10.96.0.1";
/** Address of the Service `kube-dns`, where installers put it. */
export const DNS_SERVICE_IP = "10.96.0.10";
export const POD_CIDR = "10.244.0.0/16";
/** Pods that kwok simulates; nothing answers there. */
export const SIMULATED_POD_CIDR = "10.244.0.0/17";
/** The same with the first address that kwok gives. */
export const KWOK_CIDR = "10.244.0.1/17";
/** First two bytes and the range of the third: pods that are real processes get 10.244.128.1 to 10.244.255.254. */
export const REAL_POD_NET = { prefix: "10.244", thirdFrom: 128, thirdTo: 255 };
/** A pod's gateway: an address of the lab's end of each pod's veth pair. */
export const POD_GATEWAY = "169.254.1.1";

export const API_SERVER = `https://${NODE_IP}:6443`;
export const ETCD_CLIENT = "https://127.0.0.1:2379";
/** Loopback ports of the parts, as `name: port`; the numbers are the upstream defaults. */
export const PORTS = {
    etcdHealth: 2381,
    controllerManager: 10257,
    scheduler: 10259,
    kubeProxy: 10256,
    kubeProxyMetrics: 10249,
    kwok: 10247,
    dnsReady: 8181,
};
/** Where the node answers the API server: logs, exec, attach and port-forward. */
export const KUBELET_PORT = 10250;
