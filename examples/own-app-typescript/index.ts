import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { GatewayApiCrds, IngressGateway, IstioControlPlane } from "istio-on-pulumi";

const config = new pulumi.Config();
const bundle = config.get("bundle") || undefined;
const provider = new k8s.Provider("cluster", {
    context: config.require("context"),
    // The Gateway API's CRDs outlive the stack, and the next `up` takes them over again.
    upsertExistingObjects: true,
});

const gatewayApi = new GatewayApiCrds("gateway-api", { bundle }, { provider });
const istio = new IstioControlPlane(
    "istio",
    { bundle, values: { meshConfig: { accessLogFile: "/dev/stdout" } } },
    { provider, dependsOn: [gatewayApi] },
);

// Pods get their sidecar when they are created, so what holds them waits for a ready istiod.
const namespace = new k8s.core.v1.Namespace(
    "shop",
    { metadata: { name: "shop", labels: { "istio-injection": "enabled" } } },
    { provider, dependsOn: [istio] },
);
const labels = { app: "shop" };
const metadata = { name: "shop", namespace: namespace.metadata.name, labels };
const app = new k8s.apps.v1.Deployment(
    "shop",
    {
        metadata,
        spec: {
            selector: { matchLabels: labels },
            template: {
                metadata: { labels },
                spec: {
                    containers: [
                        {
                            name: "shop",
                            image: "docker.io/mccutchen/go-httpbin:2.18",
                            ports: [{ containerPort: 8080 }],
                        },
                    ],
                },
            },
        },
    },
    { provider },
);
const service = new k8s.core.v1.Service(
    "shop",
    { metadata, spec: { selector: labels, ports: [{ name: "http", port: 8080 }] } },
    { provider, dependsOn: [app] },
);

const gateway = new IngressGateway(
    "entrance",
    {
        namespace: namespace.metadata.name,
        hostnames: ["shop.example.com"],
        routes: [{ name: "shop", service: service.metadata.name, port: 8080 }],
    },
    { provider, dependsOn: [gatewayApi, istio] },
);

/** Where the gateway answers: its node ports, and the address of its load balancer if it has one. */
export const endpoint = gateway.endpoint;
export const istioVersion = istio.version;
