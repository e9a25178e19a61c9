import { ADDONS, compareMinors, ISTIO_NAMESPACE, minorOf } from "@istio-on-pulumi/kube";
import type { Part, PlannedObject } from "../cluster";
import type { ChartValues } from "../components";
import {
    type AddonManifests,
    addonObjects,
    type AddonObjectsArgs,
    BOOKINFO_SERVICES,
    BOOKINFO_WORKLOADS,
    MESH_POLICY,
} from "../components/internal";
import type { GatewayPlace } from "./gateway";

export interface PlannedArgs {
    /** Namespace of Bookinfo, if there is one. */
    bookinfoNamespace?: string;
    /** The gateway, if there is one. */
    gateway?: GatewayPlace;
    /** Whether mutual TLS is the only way into the mesh. */
    strictMtls: boolean;
    /** The version of the charts, and the user's values of chart `istiod`. */
    istioVersion: string;
    istiodValues: ChartValues;
    /** Full names of the CRDs of chart `base`. */
    istioCrds: readonly string[];
    /** Full names of the CRDs of Gateway API. */
    gatewayApiCrds: readonly string[];
    /** The addons, as their component takes them. */
    addons: AddonObjectsArgs;
    /** The manifests of those that are installed. */
    manifests: AddonManifests;
}

/**
 * Everything that the program would create, by name: what the cluster is asked for before anything is registered.
 *
 * The charts' objects stand here as facts, for the charts are rendered by the provider. A test on the lab holds the
 * list against the state, so that none is missing.
 */
export function plannedObjects(args: PlannedArgs): PlannedObject[] {
    const { bookinfoNamespace, gateway, istioCrds, addons, manifests } = args;
    return [
        ...objects("istio", undefined, [["v1", "Namespace", ISTIO_NAMESPACE]]),
        ...objects("istio", undefined, [["apiextensions.k8s.io/v1", "CustomResourceDefinition", ...istioCrds]]),
        ...chartObjects(),
        ...objects("istio", ISTIO_NAMESPACE, [["v1", "ConfigMap", ...laterConfigMaps(args)]]),
        ...objects("gatewayApi", undefined, [
            ["apiextensions.k8s.io/v1", "CustomResourceDefinition", ...args.gatewayApiCrds],
        ]),
        ...objects(
            "istio",
            ISTIO_NAMESPACE,
            args.strictMtls ? [["security.istio.io/v1", "PeerAuthentication", MESH_POLICY]] : [],
        ),
        ...(bookinfoNamespace === undefined
            ? []
            : [
                  ...objects("bookinfo", undefined, [["v1", "Namespace", bookinfoNamespace]]),
                  ...objects("bookinfo", bookinfoNamespace, BOOKINFO_OBJECTS),
              ]),
        ...(gateway ? gatewayObjects(gateway) : []),
        ...objects(
            "jaeger",
            ISTIO_NAMESPACE,
            manifests.jaeger ? [["telemetry.istio.io/v1", "Telemetry", "mesh-default"]] : [],
        ),
        ...ADDONS.flatMap((addon) =>
            addonObjects(addon, manifests, addons).map(({ apiVersion, kind, metadata: { namespace, name } }) => ({
                apiVersion,
                kind,
                namespace,
                name,
                part: addon,
            })),
        ),
    ];
}

type Names = readonly [apiVersion: string, kind: string, ...names: string[]];

/** The charts `base` and `istiod` without a revision; what only some values bring is among it. */
const CHART_OBJECTS: readonly Names[] = [
    ["v1", "ServiceAccount", "istio-reader-service-account", "istiod"],
    ["v1", "ConfigMap", "istio", "istio-sidecar-injector", "pilot-jwks-extra-cacerts"],
    ["v1", "Service", "istiod"],
    ["apps/v1", "Deployment", "istiod"],
    ["policy/v1", "PodDisruptionBudget", "istiod"],
    ["autoscaling/v2", "HorizontalPodAutoscaler", "istiod"],
    ["rbac.authorization.k8s.io/v1", "Role", "istiod"],
    ["rbac.authorization.k8s.io/v1", "RoleBinding", "istiod"],
];
/** Since 1.26 chart `istiod` keeps its values in the cluster, and what Gateways of a class are made with. */
function laterConfigMaps({ istioVersion, istiodValues }: PlannedArgs): string[] {
    if (compareMinors(minorOf(istioVersion)!, "1.26") < 0) return [];
    const { gatewayClasses = {} } = istiodValues as { gatewayClasses?: object };
    return ["values", ...Object.keys(gatewayClasses).map((name) => `istio-default-gatewayclass-${name}`)];
}

const CHART_ROLES = ["istiod-clusterrole", "istiod-gateway-controller", "istio-reader-clusterrole"].map(
    (role) => `${role}-${ISTIO_NAMESPACE}`,
);
const CHART_OBJECTS_OF_CLUSTER: readonly Names[] = [
    ["rbac.authorization.k8s.io/v1", "ClusterRole", ...CHART_ROLES],
    ["rbac.authorization.k8s.io/v1", "ClusterRoleBinding", ...CHART_ROLES],
    ["admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", "istio-sidecar-injector"],
    [
        "admissionregistration.k8s.io/v1",
        "ValidatingWebhookConfiguration",
        "istiod-default-validator",
        `istio-validator-${ISTIO_NAMESPACE}`,
    ],
];

/**
 * What the charts `base` and `istiod` may bring, whatever the values are: a right on it is asked for before an update,
 * as one on everything that is planned.
 */
export const chartObjects = (): PlannedObject[] => [
    ...objects("istio", undefined, CHART_OBJECTS_OF_CLUSTER),
    ...objects("istio", ISTIO_NAMESPACE, CHART_OBJECTS),
];

const BOOKINFO_OBJECTS: readonly Names[] = [
    ["v1", "Service", ...BOOKINFO_SERVICES],
    ["v1", "ServiceAccount", ...BOOKINFO_SERVICES.map((service) => `bookinfo-${service}`)],
    ["apps/v1", "Deployment", ...BOOKINFO_WORKLOADS.map(({ service, version }) => `${service}-${version}`)],
    ["gateway.networking.k8s.io/v1", "HTTPRoute", "bookinfo"],
];

function gatewayObjects({ name, namespace, isOwn }: GatewayPlace): PlannedObject[] {
    const part = isOwn ? "gateway" : "bookinfo";
    return [
        ...objects(part, undefined, isOwn ? [["v1", "Namespace", namespace]] : []),
        ...objects(part, namespace, [["gateway.networking.k8s.io/v1", "Gateway", name]]),
    ];
}

function objects(part: Part, namespace: string | undefined, table: readonly Names[]): PlannedObject[] {
    return table.flatMap(([apiVersion, kind, ...names]) =>
        names.map((name) => ({ apiVersion, kind, namespace, name, part })),
    );
}
