import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type ClusterClient, ISTIO_NAMESPACE } from "@istio-on-pulumi/kube";
import { prepareInstallation, prepareUpgrade, type ReleaseName } from "../cluster";
import { SKIP_AWAIT } from "./annotations";
import { type ImageMirrors, mirrored } from "./images";
import { withoutReplicas } from "./manifest";
import { namespaceOf } from "./namespace";

export interface IstioControlPlaneArgs {
    /** Directories of the charts, relative to the project: the paths are kept in state, so every machine has them. */
    charts: { base: string; istiod: string };
    /** Version of both charts, such as `1.25.1`. */
    version: string;
    /** Registry and path of Istio's images, such as `docker.io/istio`. */
    hub: string;
    /** Registries to pull the images from instead. */
    imageMirrors: ImageMirrors;
    /** Tag of Istio's images, such as `1.25.1`. */
    tag: string;
    /** Whether the namespace `istio-system` is somebody else's: it is labelled and used, and stays on `destroy`. */
    existingNamespace: boolean;
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
        this.namespace = namespaceOf(ISTIO_NAMESPACE, { existing: args.existingNamespace }, { parent: this });
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
            { parent: this, dependsOn: [this.base], transforms: [istiodTransform(args.provider)] },
        );
    }
}

/** The release of chart `base`. */
export const BASE_RELEASE: ReleaseName = { name: "istio-base", namespace: ISTIO_NAMESPACE };

/** The ConfigMaps that istiod reads at its start. */
const STARTUP_CONFIG_MAPS = ["istio", "istio-sidecar-injector"];

/** Values of chart `istiod`. */
export function istiodValues({ hub, tag, imageMirrors }: Pick<IstioControlPlaneArgs, "hub" | "tag" | "imageMirrors">) {
    const mirroredHub = mirrored(hub, imageMirrors);
    // A name with a slash is taken as it is, by the chart and by injection; others get hub and tag.
    const image = (name: string) => {
        const full = mirrored(`${hub}/${name}`, imageMirrors);
        return full === `${mirroredHub}/${name}` ? undefined : { image: `${full}:${tag}` };
    };
    const proxy = image("proxyv2");
    return {
        profile: "demo",
        ...image("pilot"),
        global: {
            // The charts of the source tree name the test registry.
            hub: mirroredHub,
            tag,
            ...(proxy && { proxy, proxy_init: proxy }),
            // A budget of one for the one replica of the profile forbids every eviction: `kubectl drain` never ends.
            defaultPodDisruptionBudget: { enabled: false },
        },
        // An istiod that starts before its ConfigMaps exist leaves injection off until it is restarted, and the chart's
        // objects are created side by side. A required volume makes the kubelet hold the container back; the path means
        // nothing to istiod.
        volumes: [
            {
                name: "startup-config",
                projected: { sources: STARTUP_CONFIG_MAPS.map((configMap) => ({ configMap: { name: configMap } })) },
            },
        ],
        volumeMounts: [{ name: "startup-config", mountPath: "/var/run/startup-config", readOnly: true }],
    };
}

/** Changes to the chart's objects that its values cannot express. */
export function istiodTransform(provider: k8s.Provider): pulumi.ResourceTransform {
    return ({ type, props, opts }) => {
        const changed = changeIstiodObject(type, props);
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
export function changeIstiodObject(type: string, props: ChartObject): ChartObject | undefined {
    switch (type) {
        case "kubernetes:admissionregistration.k8s.io/v1:ValidatingWebhookConfiguration":
            // Istiod sets it to Fail once it is ready, which is also the API's default; claiming it would conflict.
            return { ...props, webhooks: props.webhooks?.map(({ failurePolicy: _, ...webhook }) => webhook) };
        case "kubernetes:apps/v1:Deployment":
            return withoutReplicas(props);
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
