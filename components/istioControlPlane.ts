import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import {
    DEFAULT_ISTIO,
    isOfOtherMinor,
    ISTIO_HUB,
    ISTIO_NAMESPACE,
    istioRelease,
    minorOf,
    UserError,
} from "@istio-on-pulumi/kube";
import { prepareInstallation, prepareUpgrade, type ReleaseName } from "../cluster";
import { readIstioCrdNames } from "../upstream";
import { childOf } from "./child";
import { kubernetesProvider, openClusterOf } from "./clusterOf";
import { type Endpoint, endpoint } from "./endpoint";
import type { ImageMirrors } from "./images";
import { istiodTransform } from "./istiodObjects";
import { type ChartValues, istiodValues, mergeValues, setsReplicas } from "./istiodValues";
import { inPlainWords } from "./later";
import { type NamespaceArgs, namespaceOf } from "./namespace";
import type { PullSecrets } from "./pullSecrets";
import { openUpstream } from "./upstreamFiles";

export interface IstioControlPlaneArgs extends NamespaceArgs {
    /**
     * Release of Istio: its charts, with their CRDs, and the tag of its images; one of those that are locked.
     *
     * A change: restart of istiod and of gateways; a sidecar follows when its pod is restarted.
     * @default "1.25.1"
     */
    version?: string;
    /**
     * Values of chart `istiod`, merged into the component's own (profile demo, hub, tag): a map key by key, anything
     * else as a whole, but for `volumes` and `volumeMounts`, to whose lists the component adds its own.
     *
     * A change: as the chart has it; mostly a restart of istiod.
     * @default none
     * @example { replicaCount: 2, meshConfig: { accessLogFile: "/dev/stdout" } }
     */
    values?: pulumi.Input<ChartValues>;
    /**
     * Values of chart `base`, merged into the component's own in the same way.
     *
     * A change: in place.
     * @default none
     * @example { experimental: { stableValidationPolicy: true } }
     */
    baseValues?: pulumi.Input<ChartValues>;
    /**
     * Registry and path of Istio's images, without a tag.
     *
     * A change: restart of istiod and of gateways; a sidecar follows when its pod is restarted.
     * @default "docker.io/istio"
     */
    hub?: pulumi.Input<string>;
    /**
     * Tag of Istio's images, of the same minor version as the charts; the charts stay those of `version`.
     *
     * A change: as of `hub`.
     * @default the version
     */
    tag?: pulumi.Input<string>;
    /**
     * Registries to pull from instead, from a registry (or a registry with a path) to its mirror.
     *
     * A change: as of `hub`.
     * @default none
     * @example { "docker.io": "registry.local:5000/docker" }
     */
    imageMirrors?: pulumi.Input<ImageMirrors>;
    /**
     * Names of Secrets with which the images of istiod, of injected sidecars and of gateways are pulled; each in the
     * namespace of its pods.
     *
     * A change: as of `hub`.
     * @default none
     * @example ["registry-login"]
     */
    pullSecrets?: PullSecrets;
    /**
     * CRDs of chart `base` that another tool manages and that are left to it, by their full names.
     *
     * A change: in place; CRDs are never deleted.
     * @default none
     * @example ["wasmplugins.extensions.istio.io"]
     */
    excludedCrds?: string[];
    /**
     * Directory of upstream files written by `npm run bundle`, relative to the project; for machines without internet.
     *
     * A change: nothing in the cluster.
     * @default the files are fetched and cached
     * @example "./bundle"
     */
    bundle?: string;
}

/**
 * Istio's control plane: the namespace `istio-system`, chart `base` and chart `istiod`, profile demo without gateways.
 *
 * What depends on this component starts with a ready istiod: a pod that came earlier would silently have no sidecar.
 * One cluster takes one of them, because Istio's CRDs and webhooks are the cluster's.
 *
 * @example
 * const gatewayApi = new GatewayApiCrds("gateway-api", {}, { provider });
 * const istio = new IstioControlPlane(
 *     "istio",
 *     { values: { meshConfig: { accessLogFile: "/dev/stdout" } } },
 *     { provider, dependsOn: [gatewayApi] },
 * );
 */
export class IstioControlPlane extends pulumi.ComponentResource {
    /** The control plane's namespace, known once it exists. */
    readonly namespace: pulumi.Output<string>;
    /** Version of the charts, such as `1.25.1`. */
    readonly version: pulumi.Output<string>;
    /** The revision that `values` name, for the label `istio.io/rev` of a namespace; empty without one. */
    readonly revision: pulumi.Output<string>;
    /** Name of the MutatingWebhookConfiguration by which pods get their sidecar. */
    readonly injectionWebhook: pulumi.Output<string>;
    /** Name of the ValidatingWebhookConfiguration that checks Istio's objects. */
    readonly validationWebhook: pulumi.Output<string>;
    /** The Service `istiod`, inside the cluster. */
    readonly endpoint: pulumi.Output<Endpoint>;

    /** @throws UserError where the version is not locked, or a plain `tag` is another minor version's */
    constructor(name: string, args: IstioControlPlaneArgs = {}, opts?: pulumi.ComponentResourceOptions) {
        const { version = DEFAULT_ISTIO, tag = version } = args;
        istioRelease(version);
        if (typeof tag === "string") checkTag(version, tag);
        super("istio-on-pulumi:index:IstioControlPlane", name, args, opts);
        const namespace = namespaceOf(childOf(this, name, ISTIO_NAMESPACE), ISTIO_NAMESPACE, args);
        this.namespace = namespace.metadata.name;
        const base = this.installBase(name, version, args);
        const told = pulumi.output(tag).apply((known) => inPlainWords(this, this.tellOfTag(version, known)));
        const values = istiodValues({ hub: ISTIO_HUB, imageMirrors: {}, ...args, tag: told });
        handles.set(this, { namespace, istiod: this.installIstiod(name, version, args, values, base) });

        this.version = pulumi.output(version);
        this.revision = values.apply(({ revision }) => (typeof revision === "string" ? revision : ""));
        const suffix = this.revision.apply((revision) => (revision === "" ? "" : `-${revision}`));
        this.injectionWebhook = pulumi.interpolate`istio-sidecar-injector${suffix}`;
        this.validationWebhook = pulumi.interpolate`istio-validator${suffix}-${ISTIO_NAMESPACE}`;
        this.endpoint = suffix.apply((end) =>
            endpoint({ service: `istiod${end}` }, ISTIO_NAMESPACE, { type: "ClusterIP", ports: ISTIOD_PORTS }),
        );
        this.registerOutputs({
            namespace: this.namespace,
            version: this.version,
            revision: this.revision,
            injectionWebhook: this.injectionWebhook,
            validationWebhook: this.validationWebhook,
            endpoint: this.endpoint,
        });
    }

    /** Chart `istiod`; a remote component, whose children a dependency on it does not include. */
    get istiod(): k8s.helm.v4.Chart {
        return handles.get(this)!.istiod;
    }

    /** For `dependsOn` of what needs the namespace alone, and not a ready istiod. */
    get namespaceResource(): pulumi.CustomResource {
        return handles.get(this)!.namespace;
    }

    /** Images and charts that are not of one release are told in every preview. */
    private async tellOfTag(version: string, tag: string): Promise<string> {
        checkTag(version, tag);
        if (tag !== version && !tag.startsWith(`${version}-`)) {
            await pulumi.log.warn(`Istio's images have the tag ${tag}, and its charts are those of ${version}.`, this);
        }
        return tag;
    }

    /** Istio's CRDs and the reader account. One release: 14 CRDs in the state would slow every operation down. */
    private installBase(
        name: string,
        version: string,
        { baseValues = {}, excludedCrds = [], bundle }: IstioControlPlaneArgs,
    ) {
        const [child, options] = childOf(this, name, BASE_RELEASE.name);
        const own: ChartValues = {
            profile: "demo",
            ...(excludedCrds.length > 0 && { base: { excludedCRDs: excludedCrds } }),
        };
        const upstream = openUpstream(bundle);
        return new k8s.helm.v3.Release(
            child,
            {
                name: BASE_RELEASE.name,
                namespace: this.namespace,
                chart: inPlainWords(this, upstream.chart("base", version)),
                version,
                values: pulumi.output(baseValues).apply((given) => mergeValues(own, given)),
            },
            {
                ...options,
                // Helm stumbles over what an interrupted update has left.
                hooks: {
                    beforeCreate: [
                        new pulumi.ResourceHook(`${child}-installation`, async () => {
                            const crds = (await readIstioCrdNames(upstream, version)).filter(
                                (crd) => !excludedCrds.includes(crd),
                            );
                            const client = await openClusterOf(this);
                            if (client) await prepareInstallation(client, BASE_RELEASE, crds);
                        }),
                    ],
                    beforeUpdate: [
                        new pulumi.ResourceHook(`${child}-upgrade`, async () => {
                            const client = await openClusterOf(this);
                            if (client) await prepareUpgrade(client, BASE_RELEASE);
                        }),
                    ],
                },
            },
        );
    }

    private installIstiod(
        name: string,
        version: string,
        { bundle }: IstioControlPlaneArgs,
        values: pulumi.Output<ChartValues>,
        base: pulumi.Resource,
    ) {
        const [child, options] = childOf(this, name, "istiod");
        return new k8s.helm.v4.Chart(
            child,
            {
                name: "istiod",
                namespace: this.namespace,
                chart: inPlainWords(this, openUpstream(bundle).chart("istiod", version)),
                version,
                values,
            },
            {
                ...options,
                dependsOn: [base],
                transforms: [istiodTransform(kubernetesProvider(this), values.apply(setsReplicas))],
            },
        );
    }
}

function checkTag(version: string, tag: string) {
    if (!isOfOtherMinor(tag, version)) return;
    throw new UserError(
        `Istio's images have the tag ${tag}, which the charts of ${version} are not made for; ` +
            `use a tag of ${minorOf(version)}, or another version.`,
    );
}

/** Not properties: those are the outputs of the component in every language. */
const handles = new WeakMap<IstioControlPlane, { namespace: pulumi.CustomResource; istiod: k8s.helm.v4.Chart }>();

/** The release of chart `base`. */
export const BASE_RELEASE: ReleaseName = { name: "istio-base", namespace: ISTIO_NAMESPACE };

/** Ports of the Service `istiod`: its chart is a remote component, whose children's outputs stay with the provider. */
const ISTIOD_PORTS = [
    { name: "grpc-xds", port: 15010 },
    { name: "https-dns", port: 15012 },
    { name: "https-webhook", port: 443 },
    { name: "http-monitoring", port: 15014 },
];
