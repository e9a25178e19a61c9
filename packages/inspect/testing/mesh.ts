import type { V1Deployment, V1MutatingWebhookConfiguration, V1Pod } from "@kubernetes/client-node";
import type { ClusterSnapshot, HttpRoute } from "../src/snapshot/snapshot";
import { ROOT_CERTIFICATE } from "./certificates";
import { emptySnapshot, gateway, namespace, node, pod, type PodOptions, service, slice } from "./cluster";
import { ruleSet } from "./rules";

const ISTIOD_MADE = "2026-01-02T09:00:00Z";

export function istiod(
    over: { namespace?: string; revision?: string; image?: string; ready?: boolean; manager?: string } = {},
): V1Deployment {
    const {
        namespace: of = "istio-system",
        revision = "default",
        image = "docker.io/istio/pilot:1.25.1",
        ready = true,
        manager = "pulumi-kubernetes",
    } = over;
    return {
        metadata: {
            namespace: of,
            name: "istiod",
            labels: { app: "istiod", "istio.io/rev": revision },
            creationTimestamp: new Date(ISTIOD_MADE),
            managedFields: [{ manager, operation: "Apply" }],
        },
        spec: { selector: {}, template: { spec: { containers: [{ name: "discovery", image }] } } },
        status: { replicas: 1, readyReplicas: ready ? 1 : 0 },
    };
}

/** A certificate as a webhook's caBundle holds it. */
export const bundleOf = (certificate: string): string => Buffer.from(certificate).toString("base64");

/** The injector's webhook for namespaces with a label, as the chart has it. */
export function injector(
    over: { revision?: string; caBundle?: string; service?: string } = {},
): V1MutatingWebhookConfiguration {
    const { revision = "default", caBundle = bundleOf(ROOT_CERTIFICATE), service: name = "istiod" } = over;
    const clientConfig = { caBundle, service: { namespace: "istio-system", name, path: "/inject" } };
    const objectSelector = {
        matchExpressions: [{ key: "sidecar.istio.io/inject", operator: "NotIn", values: ["false"] }],
    };
    const webhook = (name: string, matchExpressions: { key: string; operator: string; values?: string[] }[]) => ({
        name,
        clientConfig,
        namespaceSelector: { matchExpressions },
        objectSelector,
        admissionReviewVersions: ["v1"],
        sideEffects: "None",
    });
    return {
        metadata: {
            name: `istio-sidecar-injector${revision === "default" ? "" : `-${revision}`}`,
            labels: { "istio.io/rev": revision },
            creationTimestamp: new Date(ISTIOD_MADE),
        },
        webhooks: [
            webhook("rev.namespace.sidecar-injector.istio.io", [
                { key: "istio.io/rev", operator: "In", values: [revision] },
                { key: "istio-injection", operator: "DoesNotExist" },
            ]),
            webhook("namespace.sidecar-injector.istio.io", [
                { key: "istio-injection", operator: "In", values: [revision === "default" ? "enabled" : revision] },
            ]),
        ],
    };
}

/** What the injection of 1.25.1 makes of a pod. */
export function injected(options: PodOptions, version = "1.25.1"): V1Pod {
    const plain = pod(options);
    const image = `docker.io/istio/proxyv2:${version}`;
    return {
        ...plain,
        metadata: { ...plain.metadata, annotations: { "istio.io/rev": "default", ...plain.metadata?.annotations } },
        spec: {
            ...plain.spec,
            serviceAccountName: "bookinfo",
            initContainers: [
                {
                    name: "istio-init",
                    image,
                    args: [
                        "istio-iptables",
                        "-p",
                        "15001",
                        "-z",
                        "15006",
                        "-u",
                        "1337",
                        "-m",
                        "REDIRECT",
                        "-i",
                        "*",
                        "-x",
                        "",
                        "-b",
                        "*",
                        "-d",
                        "15090,15021,15020",
                        "--log_output_level=default:info",
                    ],
                    securityContext: { runAsUser: 0, capabilities: { add: ["NET_ADMIN", "NET_RAW"], drop: ["ALL"] } },
                },
            ],
            containers: [
                ...plain.spec!.containers,
                {
                    name: "istio-proxy",
                    image,
                    args: [
                        "proxy",
                        "sidecar",
                        "--domain",
                        "$(POD_NAMESPACE).svc.cluster.local",
                        "--proxyLogLevel=warning",
                    ],
                    env: [
                        { name: "CA_ADDR", value: "istiod.istio-system.svc:15012" },
                        { name: "POD_NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
                        {
                            name: "ISTIO_META_POD_PORTS",
                            value: JSON.stringify(
                                (options.ports ?? [9080]).map((containerPort) => ({ containerPort, protocol: "TCP" })),
                            ),
                        },
                    ],
                    ports: [{ name: "http-envoy-prom", containerPort: 15_090, protocol: "TCP" }],
                    readinessProbe: {
                        httpGet: { path: "/healthz/ready", port: 15_021, scheme: "HTTP" },
                        periodSeconds: 15,
                        timeoutSeconds: 3,
                        failureThreshold: 4,
                    },
                    securityContext: { runAsUser: 1337, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
                    volumeMounts: [{ mountPath: "/var/run/secrets/tokens", name: "istio-token" }],
                },
            ],
            volumes: [
                {
                    name: "istio-token",
                    projected: {
                        sources: [
                            {
                                serviceAccountToken: {
                                    path: "istio-token",
                                    audience: "istio-ca",
                                    expirationSeconds: 43_200,
                                },
                            },
                        ],
                    },
                },
            ],
        },
    };
}

export const route = (name: string, gatewayName: string, backend: string, accepted = true): HttpRoute => ({
    metadata: { namespace: "shop", name },
    spec: {
        parentRefs: [{ name: gatewayName }],
        rules: [
            {
                matches: [{ path: { type: "Exact", value: "/productpage" } }],
                backendRefs: [{ name: backend, port: 9080, weight: 1 }],
            },
        ],
    },
    status: {
        parents: [
            {
                conditions: [
                    { type: "Accepted", status: accepted ? "True" : "False" },
                    { type: "ResolvedRefs", status: "True" },
                ],
            },
        ],
    },
});

/** A healthy mesh: a gateway, `productpage`, and `reviews` in three versions. */
export function mesh(): ClusterSnapshot {
    const names = ["productpage-v1", "reviews-v1", "reviews-v2", "reviews-v3"];
    const pods = names.map((name, at) =>
        injected({
            name,
            ip: `10.244.0.${at + 1}`,
            labels: { app: name.split("-")[0]!, version: name.split("-")[1]! },
        }),
    );
    const front = gateway("front", [80]);
    return {
        ...emptySnapshot,
        namespaces: [
            namespace("default"),
            namespace("istio-system"),
            namespace("shop", { "istio-injection": "enabled" }),
        ],
        nodes: [node()],
        deployments: [istiod()],
        webhooks: [injector()],
        pods: [
            pod({
                namespace: "istio-system",
                name: "istiod-1",
                ip: "10.244.0.20",
                labels: { app: "istiod" },
                ports: [15_012],
            }),
            ...pods,
        ],
        services: [
            service({ name: "productpage", clusterIP: "10.96.0.11" }),
            service({ name: "reviews", clusterIP: "10.96.0.10" }),
            // Without an address of its own, so that a node's rules need not lead to it.
            service({
                namespace: "istio-system",
                name: "istiod",
                clusterIP: "None",
                ports: [{ name: "https-webhook", port: 443, targetPort: 15_017 }],
            }),
        ],
        endpointSlices: [
            slice({ service: "productpage", endpoints: [{ address: "10.244.0.1", pod: "productpage-v1" }] }),
            slice({
                service: "reviews",
                endpoints: [1, 2, 3].map((version) => ({
                    address: `10.244.0.${version + 1}`,
                    pod: `reviews-v${version}`,
                })),
            }),
            slice({
                namespace: "istio-system",
                service: "istiod",
                ports: [{ name: "https-webhook", port: 15_017 }],
                endpoints: [{ address: "10.244.0.20", pod: "istiod-1" }],
            }),
        ],
        gateways: [{ ...front, status: { conditions: [{ type: "Programmed", status: "True" }] } }],
        routes: [route("bookinfo", "front", "productpage")],
    };
}

/** The Service ports of this mesh, as kube-proxy sees them. */
export const MESH_PORTS = [
    {
        name: "shop/productpage:http",
        clusterIP: "10.96.0.11",
        port: 9080,
        endpoints: [{ address: "10.244.0.1", port: 9080 }],
    },
    {
        name: "shop/reviews:http",
        clusterIP: "10.96.0.10",
        port: 9080,
        endpoints: [2, 3, 4].map((host) => ({ address: `10.244.0.${host}`, port: 9080 })),
    },
];

/** The NAT rules that kube-proxy has for this mesh. */
export const meshRules = (): string => ruleSet(MESH_PORTS);
