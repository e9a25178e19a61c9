/**
 * The walkthrough as one would write it first: charts and manifests as upstream publishes them, and everything awaited.
 * `npm run bench` measures it beside the stack. `$BUNDLE` is the directory of upstream's files.
 */
import { join } from "node:path";
import * as k8s from "@pulumi/kubernetes";

const bundle = process.env.BUNDLE!;
const release = join(bundle, "istio-1.25.1");
const bookinfo = join(release, "samples", "bookinfo");
const charts = join(release, "manifests", "charts");

const gatewayApi = new k8s.kustomize.v2.Directory("gateway-api", {
    directory: join(bundle, "gateway-api-v1.2.1", "config", "crd"),
});

const system = new k8s.core.v1.Namespace("istio-system", { metadata: { name: "istio-system" } });
const inSystem = { namespace: system.metadata.name };
const base = new k8s.helm.v4.Chart(
    "istio-base",
    { ...inSystem, name: "istio-base", chart: join(charts, "base"), values: { profile: "demo" } },
    { dependsOn: system },
);
const istiod = new k8s.helm.v4.Chart(
    "istiod",
    {
        ...inSystem,
        name: "istiod",
        chart: join(charts, "istio-control", "istio-discovery"),
        values: { profile: "demo", global: { hub: "docker.io/istio", tag: "1.25.1" } },
    },
    { dependsOn: [base, gatewayApi] },
);

const sample = new k8s.core.v1.Namespace(
    "istio-sample",
    { metadata: { name: "istio-sample", labels: { "istio-injection": "enabled" } } },
    { dependsOn: istiod },
);

/** Manifests without a namespace of their own go to one. */
function intoNamespace(name: string) {
    return (args: { props: { metadata?: { namespace?: string } }; opts: object }) => ({
        props: { ...args.props, metadata: { namespace: name, ...args.props.metadata } },
        opts: args.opts,
    });
}

const workloads = new k8s.yaml.v2.ConfigGroup(
    "bookinfo",
    { files: [join(bookinfo, "platform", "kube", "bookinfo.yaml")] },
    { dependsOn: sample, transforms: [intoNamespace("istio-sample")] },
);
new k8s.yaml.v2.ConfigGroup(
    "gateway",
    { files: [join(bookinfo, "gateway-api", "bookinfo-gateway.yaml")] },
    { dependsOn: workloads, transforms: [intoNamespace("istio-sample")] },
);
new k8s.yaml.v2.ConfigGroup("addons", { files: [join(release, "samples", "addons", "*.yaml")] }, { dependsOn: istiod });
