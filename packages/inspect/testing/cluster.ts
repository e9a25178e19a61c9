import type { V1EndpointSlice, V1Namespace, V1Node, V1Pod, V1Service } from "@kubernetes/client-node";
import type { ClusterSnapshot, Gateway, ScopeObjects } from "../src/snapshot/snapshot";

/** Objects of a small cluster, as the API server would give them; each test says only what matters to it. */
export const emptySnapshot: ClusterSnapshot = {
    namespaces: [],
    nodes: [],
    pods: [],
    services: [],
    endpointSlices: [],
    deployments: [],
    webhooks: [],
    gateways: [],
    routes: [],
};

export const emptyScope: ScopeObjects = {
    replicaSets: [],
    statefulSets: [],
    daemonSets: [],
    jobs: [],
    budgets: [],
    configMaps: new Map(),
};

export const NODE = "node-1";

export interface PodOptions {
    namespace?: string;
    name: string;
    ip?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    ready?: boolean;
    /** Container ports of the container `app`; an empty list declares none. */
    ports?: number[];
    node?: string;
    created?: string;
}

export function pod({
    namespace = "shop",
    name,
    ip,
    labels = {},
    annotations = {},
    ready = true,
    ports = [9080],
    node = NODE,
    created = "2026-01-02T10:00:00Z",
}: PodOptions): V1Pod {
    return {
        metadata: { namespace, name, labels, annotations, creationTimestamp: new Date(created) },
        spec: {
            nodeName: node,
            containers: [
                {
                    name: "app",
                    image: "registry.test/app:1",
                    ports: ports.map((containerPort) => ({ containerPort, protocol: "TCP" })),
                },
            ],
        },
        status: {
            phase: "Running",
            podIP: ip,
            podIPs: ip ? [{ ip }] : [],
            conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
            containerStatuses: [{ name: "app", ready, image: "", imageID: "", restartCount: 0 }],
        },
    };
}

export interface ServiceOptions {
    namespace?: string;
    name: string;
    clusterIP?: string;
    clusterIPs?: string[];
    ports?: { name?: string; port: number; targetPort?: number | string; nodePort?: number; protocol?: string }[];
    selector?: Record<string, string>;
    spec?: Partial<NonNullable<V1Service["spec"]>>;
}

export function service({
    namespace = "shop",
    name,
    clusterIP = "10.96.0.10",
    clusterIPs,
    ports = [{ name: "http", port: 9080 }],
    selector = { app: name },
    spec = {},
}: ServiceOptions): V1Service {
    const nodePorts = ports.some(({ nodePort }) => nodePort);
    return {
        metadata: { namespace, name },
        spec: {
            type: nodePorts ? "NodePort" : "ClusterIP",
            clusterIP,
            clusterIPs: clusterIPs ?? [clusterIP],
            ports: ports.map((port) => ({ protocol: "TCP", ...port })),
            selector,
            ...spec,
        },
    };
}

export interface SliceOptions {
    namespace?: string;
    service: string;
    family?: "IPv4" | "IPv6";
    ports?: { name?: string; port: number; protocol?: string }[];
    endpoints: {
        address: string;
        pod?: string;
        node?: string;
        ready?: boolean;
        serving?: boolean;
        terminating?: boolean;
        zone?: string;
    }[];
}

export function slice({
    namespace = "shop",
    service: name,
    family = "IPv4",
    ports = [{ name: "http", port: 9080 }],
    endpoints,
}: SliceOptions): V1EndpointSlice {
    return {
        metadata: {
            namespace,
            name: `${name}-${family.toLowerCase()}`,
            labels: { "kubernetes.io/service-name": name },
        },
        addressType: family,
        ports: ports.map((port) => ({ protocol: "TCP", ...port })),
        endpoints: endpoints.map(({ address, pod: target, node = NODE, ready = true, serving, terminating, zone }) => ({
            addresses: [address],
            nodeName: node,
            conditions: { ready, serving: serving ?? ready, terminating: terminating ?? false },
            ...(target && { targetRef: { kind: "Pod", namespace, name: target } }),
            ...(zone && { hints: { forZones: [{ name: zone }] } }),
        })),
    };
}

export const namespace = (name: string, labels: Record<string, string> = {}): V1Namespace => ({
    metadata: { name, labels, creationTimestamp: new Date("2026-01-01T00:00:00Z") },
});

export const node = (name = NODE, annotations: Record<string, string> = {}): V1Node => ({
    metadata: { name, annotations },
    status: { addresses: [{ type: "InternalIP", address: "10.0.0.1" }] },
});

export const gateway = (name: string, ports: number[], namespaceName = "shop"): Gateway => ({
    metadata: { namespace: namespaceName, name },
    spec: {
        gatewayClassName: "istio",
        listeners: ports.map((port) => ({ name: `listener-${port}`, port, protocol: "HTTP" })),
    },
});
