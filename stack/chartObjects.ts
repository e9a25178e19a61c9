import { compareMinors, ISTIO_NAMESPACE, minorOf, WITHOUT_REVISION } from "@istio-on-pulumi/kube";
import type { ChartValues } from "../components";

/** Objects of one kind, by name. */
export type Names = readonly [apiVersion: string, kind: string, ...names: string[]];

/** The objects of a chart, as facts: the charts are rendered by the provider. */
interface ChartObjects {
    readonly ofCluster: readonly Names[];
    /** In `istio-system`. */
    readonly ofNamespace: readonly Names[];
}

/** What chart `base` makes beside its CRDs. */
export const BASE_OBJECTS: ChartObjects = {
    ofCluster: [["admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "istiod-default-validator"]],
    ofNamespace: [["v1", "ServiceAccount", "istio-reader-service-account"]],
};

/**
 * What chart `istiod` makes; what only some values bring is among it.
 *
 * @param revision the control plane's; empty without one
 * @param values the user's
 */
export function istiodObjects(revision: string, version: string, values: ChartValues): ChartObjects {
    const suffix = revision === "" ? "" : `-${revision}`;
    const istiod = `istiod${suffix}`;
    const roles = ["istiod-clusterrole", "istiod-gateway-controller", "istio-reader-clusterrole"].map(
        (role) => `${role}${suffix}-${ISTIO_NAMESPACE}`,
    );
    return {
        ofCluster: [
            ["rbac.authorization.k8s.io/v1", "ClusterRole", ...roles],
            ["rbac.authorization.k8s.io/v1", "ClusterRoleBinding", ...roles],
            [
                "admissionregistration.k8s.io/v1",
                "MutatingWebhookConfiguration",
                `istio-sidecar-injector${suffix}`,
                ...(revision === "" ? [] : [TAG_INJECTOR]),
            ],
            [
                "admissionregistration.k8s.io/v1",
                "ValidatingWebhookConfiguration",
                `istio-validator${suffix}-${ISTIO_NAMESPACE}`,
            ],
        ],
        ofNamespace: [
            ["v1", "ServiceAccount", istiod],
            [
                "v1",
                "ConfigMap",
                ...["istio", "istio-sidecar-injector", "pilot-jwks-extra-cacerts"].map((name) => name + suffix),
                ...laterConfigMaps(revision, version, values),
            ],
            ["v1", "Service", istiod],
            ["apps/v1", "Deployment", istiod],
            ["policy/v1", "PodDisruptionBudget", istiod],
            ["autoscaling/v2", "HorizontalPodAutoscaler", istiod],
            ["rbac.authorization.k8s.io/v1", "Role", istiod],
            ["rbac.authorization.k8s.io/v1", "RoleBinding", istiod],
        ],
    };
}

/** The injector of Istio's tag `default`. */
const TAG_INJECTOR = "istio-revision-tag-default";

/** Since 1.26 chart `istiod` keeps its values in the cluster, and what Gateways of a class are made with. */
function laterConfigMaps(revision: string, version: string, values: ChartValues): string[] {
    if (compareMinors(minorOf(version)!, "1.26") < 0) return [];
    const { gatewayClasses = {} } = values as { gatewayClasses?: object };
    return [
        revision === "" ? "values" : `values-${revision}`,
        ...Object.keys(gatewayClasses).map((name) => `istio-${revision || WITHOUT_REVISION}-gatewayclass-${name}`),
    ];
}
