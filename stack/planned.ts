import { ADDONS, ISTIO_NAMESPACE, WITHOUT_REVISION } from "@istio-on-pulumi/kube";
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
import { BASE_OBJECTS, istiodObjects, type Names } from "./chartObjects";
import type { GatewayPlace } from "./gateway";

export interface PlannedArgs {
    /** Namespace of Bookinfo, if there is one. */
    bookinfoNamespace?: string;
    /** Whether Bookinfo has NetworkPolicies. */
    networkPolicies?: boolean;
    /** The gateway, if there is one. */
    gateway?: GatewayPlace;
    /** Whether mutual TLS is the only way into the mesh. */
    strictMtls: boolean;
    /** The version of each control plane by its revision. */
    controlPlanes: Readonly<Record<string, string>>;
    /** The user's values of chart `istiod`. */
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
        ...chartObjects(args.controlPlanes, args.istiodValues),
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
                  ...objects("bookinfo", bookinfoNamespace, args.networkPolicies ? NETWORK_POLICIES : []),
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

/**
 * What the charts `base` and `istiod` may bring, whatever some of the values are: a right on it is asked for before an
 * update, as one on everything that is planned.
 *
 * @param controlPlanes the version of each control plane by its revision
 */
export function chartObjects(controlPlanes: PlannedArgs["controlPlanes"], values: ChartValues): PlannedObject[] {
    const charts = [
        BASE_OBJECTS,
        ...Object.entries(controlPlanes).map(([revision, version]) =>
            istiodObjects(revision === WITHOUT_REVISION ? "" : revision, version, values),
        ),
    ];
    return charts.flatMap(({ ofCluster, ofNamespace }) => [
        ...objects("istio", undefined, ofCluster),
        ...objects("istio", ISTIO_NAMESPACE, ofNamespace),
    ]);
}

const BOOKINFO_OBJECTS: readonly Names[] = [
    ["v1", "Service", ...BOOKINFO_SERVICES],
    ["v1", "ServiceAccount", ...BOOKINFO_SERVICES.map((service) => `bookinfo-${service}`)],
    ["apps/v1", "Deployment", ...BOOKINFO_WORKLOADS.map(({ service, version }) => `${service}-${version}`)],
    ["gateway.networking.k8s.io/v1", "HTTPRoute", "bookinfo"],
];

const NETWORK_POLICIES: readonly Names[] = [["networking.k8s.io/v1", "NetworkPolicy", ...BOOKINFO_SERVICES]];

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
