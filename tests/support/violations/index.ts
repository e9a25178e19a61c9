import * as k8s from "@pulumi/kubernetes";

const metadata = (name: string) => ({ name, namespace: "shop" });

new k8s.core.v1.Namespace("shop", { metadata: { name: "shop" } });

const requests = { cpu: "10m", memory: "16Mi" };
const containers = {
    tag: { image: "nginx:latest", resources: { requests } },
    registry: { image: "evil.example/web:1", resources: { requests } },
    requests: { image: "nginx:1.27.4", resources: { limits: { cpu: "1" } } },
};
for (const [name, container] of Object.entries(containers)) {
    const labels = { app: name };
    new k8s.apps.v1.Deployment(name, {
        metadata: metadata(name),
        spec: {
            selector: { matchLabels: labels },
            template: { metadata: { labels }, spec: { containers: [{ name: "web", ...container }] } },
        },
    });
}

const nodePort = (number: number) => ({ type: "NodePort", ports: [{ name: "http", port: 80, nodePort: number }] });
new k8s.core.v1.Service("first", { metadata: metadata("first"), spec: nodePort(30990) });
new k8s.core.v1.Service("second", { metadata: metadata("second"), spec: nodePort(30990) });
new k8s.core.v1.Service("grafana", { metadata: metadata("grafana"), spec: nodePort(30991) });

new k8s.apiextensions.CustomResource("entrance", {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: metadata("entrance"),
    spec: { gatewayClassName: "istio", listeners: [{ name: "http", port: 80, protocol: "HTTP" }] },
});
new k8s.apiextensions.CustomResource("plain", {
    apiVersion: "security.istio.io/v1",
    kind: "PeerAuthentication",
    metadata: metadata("default"),
    spec: { mtls: { mode: "PERMISSIVE" } },
});
