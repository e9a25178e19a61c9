import type { MeantDifference } from "./lab-compare";

/** In which the stack's objects differ from upstream's manifests, on purpose, each with its reason. */
export const MEANT_DIFFERENCES: readonly MeantDifference[] = [
    ...["app.kubernetes.io/instance", "release"].map((label) => ({
        object: "*",
        path: `*metadata.labels${label.includes("/") ? `["${label}"]` : `.${label}`}`,
        why:
            "names the Helm release, of which the stack has two (istio-base, istiod), as Istio's documentation of Helm has; " +
            "istioctl has one (istio)",
    })),
    {
        object: "*",
        path: 'metadata.annotations["meta.helm.sh/release-name"]',
        why: "chart base is a Helm release; by it helm knows its own objects again",
    },
    {
        object: "*",
        path: 'metadata.annotations["meta.helm.sh/release-namespace"]',
        why: "chart base is a Helm release; by it helm knows its own objects again",
    },
    {
        object: "*WebhookConfiguration.admissionregistration.k8s.io istio*",
        path: "webhooks[*].clientConfig.caBundle",
        why: "each istiod writes its own root certificate here",
    },
    {
        object: "Deployment.apps istio-system/istiod",
        path: "spec.template.spec.volumes[startup-config]",
        why: "holds istiod back until its ConfigMaps exist: started before them, it leaves injection off",
    },
    {
        object: "Deployment.apps istio-system/istiod",
        path: "spec.template.spec.containers[discovery].volumeMounts[startup-config]",
        why: "a volume holds a container back only where it is mounted",
    },
    {
        object: "*",
        path: 'metadata.labels["istio-on-pulumi/stack"]',
        why: "says which stack made it, so that the stack knows its own and leaves others' alone",
    },
    {
        object: "CustomResourceDefinition.apiextensions.k8s.io *.gateway.networking.k8s.io",
        path: 'metadata.annotations["pulumi.com/patchForce"]',
        why: "a CRD outlives the stack, and a later one takes its fields over",
    },
    {
        object: "*",
        path: 'metadata.annotations["pulumi.com/patchFieldManager"]',
        why: "one field manager for all objects: what an interrupted update made is taken over under the same name",
    },
    {
        object: "Service *",
        path: 'metadata.annotations["pulumi.com/skipAwait"]',
        why: "the workload behind the Service is awaited; the Service's own wait is ten more seconds",
    },
    {
        object: "Gateway.gateway.networking.k8s.io istio-sample/bookinfo-gateway",
        path: 'metadata.annotations["networking.istio.io/service-type"]',
        why: "step 6 of the walkthrough",
    },
    {
        object: "Gateway.gateway.networking.k8s.io istio-sample/bookinfo-gateway",
        path: 'metadata.annotations["pulumi.com/waitFor"]',
        why: "up waits until the Gateway is programmed",
    },
    {
        object: "Gateway.gateway.networking.k8s.io istio-sample/bookinfo-gateway",
        path: "spec.infrastructure",
        why:
            "names what Istio copies to all that it generates; " +
            "otherwise that would be every annotation of the Gateway, Pulumi's too",
    },
    { object: "Service istio-system/kiali", path: "spec.type", why: "step 14 of the walkthrough: NodePort" },
    { object: "Service istio-system/kiali", path: "spec.ports[*].nodePort", why: "follows from its type" },
    { object: "Service istio-system/kiali", path: "spec.externalTrafficPolicy", why: "follows from its type" },
    {
        object: "ConfigMap istio-system/kiali",
        path: 'data["config.yaml"]',
        why: "Jaeger is there, so Kiali shows its traces; upstream's sample leaves that out",
    },
    {
        object: "Deployment.apps istio-system/kiali",
        path: 'spec.template.metadata.annotations["checksum/config"]',
        why: "follows from its configuration",
    },
    {
        object: "StatefulSet.apps istio-system/loki",
        path: "spec.persistentVolumeClaimRetentionPolicy.*",
        why: "the logs outlive the StatefulSet; upstream's sample deletes them with it",
    },
    {
        object: "Deployment.apps istio-sample/*",
        path: "spec.template.spec.containers[*].securityContext",
        why: "Pod Security's level restricted, which upstream's images meet and its sample does not ask for",
    },
    {
        object: "ConfigMap istio-system/istio-sidecar-injector",
        path: "data.values",
        why: "holds the chart's values, the missing disruption budget among them",
    },
    {
        object: "PodDisruptionBudget.policy istio-system/istiod",
        path: "",
        why: "see ONLY_BY_HAND",
    },
];

/** In which what Istio generates for the stack's Gateway differs from what it generates for the walkthrough's. */
export const MEANT_IN_GENERATED: readonly MeantDifference[] = [
    {
        object: "Deployment.apps *",
        path: 'metadata.annotations["deployment.kubernetes.io/revision"]',
        why: "by hand the annotation comes later and changes the pods once",
    },
    { object: "*", path: "metadata.ownerReferences[bookinfo-gateway].uid", why: "each Gateway has its own" },
    { object: "Service *", path: "spec.ports[*].nodePort", why: "the API server chooses" },
];

/** In which Bookinfo's pods differ, beside {@link MEANT_IN_GENERATED}. */
export const MEANT_IN_PODS: readonly MeantDifference[] = [
    {
        object: "Pod istio-sample/*",
        path: "spec.containers[*].securityContext",
        why: "follows from the Deployments'",
    },
];

/** Objects that only the walkthrough leaves, with the reason. */
export const ONLY_BY_HAND: Readonly<Record<string, string>> = {
    "PodDisruptionBudget.policy istio-system/istiod":
        "a budget of one for one replica forbids every eviction, so that kubectl drain never ends",
};

/** Objects that only the stack leaves, with the reason. */
export const ONLY_BY_PULUMI: Readonly<Record<string, string>> = {
    "Secret istio-system/sh.helm.release.v1.istio-base.v1": "chart base is a Helm release, whose record this is",
    "Telemetry.telemetry.istio.io istio-system/mesh-default":
        "by hand nothing uses the profile's provider jaeger, and no trace arrives",
    "ValidatingWebhookConfiguration.admissionregistration.k8s.io istiod-default-validator":
        "part of chart base; istioctl makes it when it installs, and leaves it out when it generates a manifest",
};
