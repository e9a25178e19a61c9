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
import { childOf } from "./child";
import { kubernetesProvider } from "./clusterOf";
import { type Endpoint, endpoint } from "./endpoint";
import type { ImageMirrors } from "./images";
import { istiodTransform } from "./istiodObjects";
import { type ChartValues, istiodValues, setsReplicas } from "./istiodValues";
import { inPlainWords } from "./later";
import type { PullSecrets } from "./pullSecrets";
import { openUpstream } from "./upstreamFiles";

/** What a control plane is made from. */
export interface IstiodArgs {
    /**
     * Release of Istio: its chart, and the tag of its images; one of those that are locked.
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
     * Registry and path of Istio's images, without a tag.
     *
     * A change: restart of istiod and of gateways; a sidecar follows when its pod is restarted.
     * @default "docker.io/istio"
     */
    hub?: pulumi.Input<string>;
    /**
     * Tag of Istio's images, of the same minor version as the chart; the chart stays the one of `version`.
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
     * Directory of upstream files written by `npm run bundle`, relative to the project; for machines without internet.
     *
     * A change: nothing in the cluster.
     * @default the files are fetched and cached
     * @example "./bundle"
     */
    bundle?: string;
}

/** A control plane as it is registered. */
export interface Istiod {
    /** Chart `istiod`; a remote component, whose children a dependency on it does not include. */
    readonly chart: k8s.helm.v4.Chart;
    /** Its revision; empty without one. */
    readonly revision: pulumi.Output<string>;
}

/** What a control plane of a revision is known by. */
export interface IstiodFacts {
    /** For the label `istio.io/rev` of a namespace; empty without a revision. */
    readonly revision: pulumi.Output<string>;
    /** Name of the MutatingWebhookConfiguration by which pods get their sidecar. */
    readonly injectionWebhook: pulumi.Output<string>;
    /** Name of the ValidatingWebhookConfiguration that checks Istio's objects. */
    readonly validationWebhook: pulumi.Output<string>;
    /** Its Service, inside the cluster. */
    readonly endpoint: pulumi.Output<Endpoint>;
}

/** @throws UserError where the version is not locked, or a plain `tag` is another minor version's */
export function checkIstiod({ version = DEFAULT_ISTIO, tag }: IstiodArgs): void {
    istioRelease(version);
    if (typeof tag === "string") checkTag(version, tag);
}

/**
 * Registers a control plane.
 *
 * @param own values of the component's own beside those of all control planes; the user's are laid over them
 */
export function installIstiod(
    parent: pulumi.ComponentResource,
    name: string,
    args: IstiodArgs & { namespace: pulumi.Input<string>; own?: ChartValues },
    dependsOn: pulumi.Input<pulumi.Resource>[],
): Istiod {
    const { version = DEFAULT_ISTIO, tag = version, bundle, namespace } = args;
    const told = pulumi.output(tag).apply((known) => inPlainWords(parent, tellOfTag(parent, version, known)));
    const values = istiodValues({ hub: ISTIO_HUB, imageMirrors: {}, ...args, tag: told });
    const [child, options] = childOf(parent, name, "istiod");
    const chart = new k8s.helm.v4.Chart(
        child,
        {
            name: "istiod",
            namespace,
            chart: inPlainWords(parent, openUpstream(bundle).chart("istiod", version)),
            version,
            values,
        },
        {
            ...options,
            dependsOn,
            transforms: [istiodTransform(kubernetesProvider(parent), values.apply(setsReplicas))],
        },
    );
    return { chart, revision: values.apply(({ revision }) => (typeof revision === "string" ? revision : "")) };
}

/** The names that the chart gives its objects, by the revision. */
export function factsOf(revision: pulumi.Output<string>): IstiodFacts {
    const suffix = revision.apply((known) => (known === "" ? "" : `-${known}`));
    return {
        revision,
        injectionWebhook: pulumi.interpolate`istio-sidecar-injector${suffix}`,
        validationWebhook: pulumi.interpolate`istio-validator${suffix}-${ISTIO_NAMESPACE}`,
        endpoint: suffix.apply((end) =>
            endpoint({ service: `istiod${end}` }, ISTIO_NAMESPACE, { type: "ClusterIP", ports: PORTS }),
        ),
    };
}

/** Images and charts that are not of one release are told in every preview. */
async function tellOfTag(parent: pulumi.ComponentResource, version: string, tag: string): Promise<string> {
    checkTag(version, tag);
    if (tag !== version && !tag.startsWith(`${version}-`)) {
        await pulumi.log.warn(`Istio's images have the tag ${tag}, and its charts are those of ${version}.`, parent);
    }
    return tag;
}

/** A chart's injection templates, rights and CRDs are for the programs of its own minor version. */
function checkTag(version: string, tag: string) {
    if (!isOfOtherMinor(tag, version)) return;
    throw new UserError(
        `Istio's images have the tag ${tag}, which the charts of ${version} are not made for; ` +
            `use a tag of ${minorOf(version)}, or another version.`,
    );
}

/** Ports of its Service: its chart is a remote component, whose children's outputs stay with the provider. */
const PORTS = [
    { name: "grpc-xds", port: 15010 },
    { name: "https-dns", port: 15012 },
    { name: "https-webhook", port: 443 },
    { name: "http-monitoring", port: 15014 },
];
