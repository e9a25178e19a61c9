import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type ClusterClient, ISTIO_NAMESPACE } from "@istio-on-pulumi/kube";
import { prepareInstallation, prepareUpgrade, type ReleaseName } from "../cluster";
import { SKIP_AWAIT } from "./annotations";
import { istiodValues, type IstiodValuesArgs, setsReplicas } from "./istiodValues";
import { withoutReplicas } from "./manifest";
import { type NamespaceMetadata, namespaceOf } from "./namespace";

export interface IstioControlPlaneArgs extends IstiodValuesArgs {
    /** Directories of the charts, relative to the project: the paths are kept in state, so every machine has them. */
    charts: { base: string; istiod: string };
    /** Version of both charts, such as `1.25.1`. */
    version: string;
    /** Whether the namespace `istio-system` is somebody else's: it is labelled and used, and stays on `destroy`. */
    existingNamespace: boolean;
    /** Labels and annotations of the namespace. @default none */
    namespaceMetadata?: NamespaceMetadata;
    /** Names of the CRDs of chart `base`. */
    crds: readonly string[];
    /** Those of them that another tool manages, and that are left to it. */
    managedCrds: readonly string[];
    /** Asks the cluster on behalf of helm, which stumbles over what an interrupted update has left. */
    client: ClusterClient;
    /** The cluster's provider. */
    provider: k8s.Provider;
}

/**
 * Istio's control plane: namespace, chart `base`, chart `istiod`, profile demo without gateways.
 *
 * What depends on this component starts with a ready istiod: a pod that came earlier would silently have no sidecar.
 */
export class IstioControlPlane extends pulumi.ComponentResource {
    readonly namespace: ReturnType<typeof namespaceOf>;
    /** Istio's CRDs and the reader account. One release: 14 CRDs in the state would slow every operation down. */
    readonly base: k8s.helm.v3.Release;
    readonly istiod: k8s.helm.v4.Chart;

    constructor(name: string, args: IstioControlPlaneArgs, opts?: pulumi.ComponentResourceOptions) {
        super(
            "istio-on-pulumi:index:IstioControlPlane",
            name,
            {},
            { ...opts, providers: { kubernetes: args.provider } },
        );
        this.namespace = namespaceOf(
            ISTIO_NAMESPACE,
            { existing: args.existingNamespace, ...args.namespaceMetadata },
            { parent: this },
        );
        this.base = this.installBase(args);
        this.istiod = this.installIstiod(args);
        this.registerOutputs({ namespace: this.namespace.metadata.name });
    }

    private installBase(args: IstioControlPlaneArgs) {
        const own = args.crds.filter((crd) => !args.managedCrds.includes(crd));
        return new k8s.helm.v3.Release(
            BASE_RELEASE.name,
            {
                name: BASE_RELEASE.name,
                namespace: this.namespace.metadata.name,
                chart: args.charts.base,
                version: args.version,
                values: {
                    profile: "demo",
                    ...(args.managedCrds.length > 0 && { base: { excludedCRDs: [...args.managedCrds] } }),
                },
            },
            {
                parent: this,
                hooks: {
                    beforeCreate: [
                        new pulumi.ResourceHook("istio-base-installation", () =>
                            prepareInstallation(args.client, BASE_RELEASE, own),
                        ),
                    ],
                    beforeUpdate: [
                        new pulumi.ResourceHook("istio-base-upgrade", () => prepareUpgrade(args.client, BASE_RELEASE)),
                    ],
                },
            },
        );
    }

    private installIstiod(args: IstioControlPlaneArgs) {
        return new k8s.helm.v4.Chart(
            "istiod",
            {
                name: "istiod",
                namespace: this.namespace.metadata.name,
                chart: args.charts.istiod,
                version: args.version,
                values: istiodValues(args),
            },
            {
                parent: this,
                dependsOn: [this.base],
                transforms: [istiodTransform(args.provider, setsReplicas(args.values))],
            },
        );
    }
}

/** The release of chart `base`. */
export const BASE_RELEASE: ReleaseName = { name: "istio-base", namespace: ISTIO_NAMESPACE };

/** Changes to the chart's objects that its values cannot express. */
export function istiodTransform(provider: k8s.Provider, setsReplicas = false): pulumi.ResourceTransform {
    return ({ type, props, opts }) => {
        const changed = changeIstiodObject(type, props, setsReplicas);
        // The options of a remote component's child come without its provider, and answering with them would drop it.
        return changed && { props: changed, opts: pulumi.mergeOptions(opts, { provider }) };
    };
}

/** An object of the chart, as far as it is changed. */
interface ChartObject {
    metadata?: { annotations?: Record<string, string>; [field: string]: unknown };
    spec?: Record<string, unknown>;
    webhooks?: Record<string, unknown>[];
    [field: string]: unknown;
}

/** The changed object, or `undefined` where it stays as the chart has it. */
export function changeIstiodObject(type: string, props: ChartObject, setsReplicas = false): ChartObject | undefined {
    switch (type) {
        case "kubernetes:admissionregistration.k8s.io/v1:ValidatingWebhookConfiguration":
            // Istiod sets it to Fail once it is ready, which is also the API's default; claiming it would conflict.
            return { ...props, webhooks: props.webhooks?.map(({ failurePolicy: _, ...webhook }) => webhook) };
        case "kubernetes:apps/v1:Deployment":
            return setsReplicas ? undefined : withoutReplicas(props);
        case "kubernetes:core/v1:Service":
            // The Deployment behind it is awaited; the Service's own wait is ten more seconds.
            return {
                ...props,
                metadata: { ...props.metadata, annotations: { ...props.metadata?.annotations, ...SKIP_AWAIT } },
            };
        default:
            return undefined;
    }
}
