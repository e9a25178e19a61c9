import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

/** What of the platform's output `mesh` this application needs. */
interface Mesh {
    injectionLabels: Record<string, string>;
    gateway: { name: string; namespace: string; url?: string };
}

const config = new pulumi.Config();
const platform = new pulumi.StackReference("platform", { name: config.require("platform") });
const mesh = platform.requireOutput("mesh").apply((told): Mesh => {
    // Istio refuses such a route only in the route's status, where nobody looks.
    if (told.gateway?.takesRoutesFrom === "All") return told;
    throw new pulumi.RunError(
        "The platform's gateway takes no routes of other namespaces; set gateway.namespace there",
    );
});
const provider = new k8s.Provider("cluster", { context: config.require("context") });

const namespace = new k8s.core.v1.Namespace(
    "shop",
    { metadata: { name: "shop", labels: mesh.injectionLabels } },
    { provider },
);

const labels = { app: "shop" };
// By its output, so that everything waits for the namespace: a pod gets its sidecar only where the labels are there.
const metadata = { name: "shop", namespace: namespace.metadata.name, labels };
new k8s.apps.v1.Deployment(
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
    { provider },
);

const path = "/shop";
new k8s.apiextensions.CustomResource(
    "shop",
    {
        apiVersion: "gateway.networking.k8s.io/v1",
        kind: "HTTPRoute",
        metadata,
        spec: {
            parentRefs: [{ name: mesh.gateway.name, namespace: mesh.gateway.namespace }],
            rules: [
                {
                    matches: [{ path: { type: "PathPrefix", value: path } }],
                    filters: [
                        {
                            type: "URLRewrite",
                            urlRewrite: { path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/" } },
                        },
                    ],
                    backendRefs: [{ name: service.metadata.name, port: 8080 }],
                },
            ],
        },
    },
    { provider },
);

/** Where users reach it; none with a gateway that answers inside the cluster alone. */
export const url = mesh.apply(({ gateway }) => gateway.url && `${gateway.url}${path}/`);
