import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

/** What of the platform's output `mesh` this application needs. */
interface Mesh {
    injectionLabels: Record<string, string>;
    gateway?: { name: string; namespace: string; takesRoutesFrom: string; url?: string };
}

export = async () => {
    const config = new pulumi.Config();
    const platform = new pulumi.StackReference("platform", { name: config.require("platform") });
    const { injectionLabels, gateway } = (await platform.requireOutputValue("mesh")) as Mesh;
    // Istio says that it refuses such a route in the route's status alone, where nobody looks.
    if (gateway?.takesRoutesFrom !== "All") {
        throw new pulumi.RunError(
            "The platform has no gateway that takes routes of other namespaces; there: " +
                "pulumi config set --path gateway.namespace <namespace>",
        );
    }
    const provider = new k8s.Provider("cluster", { context: config.require("context") });

    const namespace = new k8s.core.v1.Namespace(
        "shop",
        { metadata: { name: "shop", labels: injectionLabels } },
        { provider },
    );

    const labels = { app: "shop" };
    // The namespace by its output: a pod has its sidecar only if it is created after the namespace and its labels.
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
                parentRefs: [{ name: gateway.name, namespace: gateway.namespace }],
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

    // None where the platform's gateway answers inside the cluster alone.
    return gateway.url === undefined ? {} : { url: `${gateway.url}${path}/` };
};
