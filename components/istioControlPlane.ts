import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { DEFAULT_ISTIO, ISTIO_NAMESPACE, istioRelease, UserError } from "@istio-on-pulumi/kube";
import { prepareInstallation, prepareUpgrade, type ReleaseName } from "../cluster";
import { readIstioCrdNames } from "../upstream";
import { childOf } from "./child";
import { openClusterOf } from "./clusterOf";
import type { Endpoint } from "./endpoint";
import { knownValue } from "./inputs";
import { checkIstiod, factsOf, installIstiod, type IstiodArgs } from "./istiod";
import { type ChartValues, mergeValues } from "./istiodValues";
import { inPlainWords } from "./later";
import { type NamespaceArgs, namespaceOf } from "./namespace";
import { openUpstream } from "./upstreamFiles";

export interface IstioControlPlaneArgs extends IstiodArgs, NamespaceArgs {
    /**
     * Values of chart `base`, merged into the component's own in the same way.
     *
     * A change: in place.
     * @default none
     * @example { experimental: { stableValidationPolicy: true } }
     */
    baseValues?: pulumi.Input<ChartValues>;
    /**
     * CRDs of chart `base` that another tool manages and that are left to it, by their full names.
     *
     * A change: in place; CRDs are never deleted.
     * @default none
     * @example ["wasmplugins.extensions.istio.io"]
     */
    excludedCrds?: string[];
    /**
     * Names of the Gateway API CRDs that istiod is to find when it starts, as `GatewayApiCrds` hands them out; the rest
     * of the component does not wait for them. Not kept in the component's state.
     *
     * A change: nothing in the cluster.
     * @default istiod starts without a look at them
     * @example gatewayApi.managed
     */
    gatewayApiCrds?: pulumi.Input<pulumi.Input<string>[]>;
    /**
     * Release whose chart `base` is installed, where a further control plane is newer: CRDs serve older ones, too.
     *
     * A change: in place; CRDs are never deleted.
     * @default the version
     */
    crdsVersion?: string;
    /**
     * The revision to which Istio's tag `default` leads, of an `IstioRevision` with `isDefault`. This control plane
     * then injects no more and makes no more gateways, and goes on serving the sidecars that it has.
     *
     * A change: restart of istiod; between the two injectors' changes both may inject, which comes to one sidecar.
     * @default this control plane is the default one
     */
    defaultRevision?: string;
    /**
     * Whether the control plane is left out: only the namespace and chart `base`, for an `IstioRevision`.
     *
     * A change: an outage for every sidecar that the control plane serves; restart their pods before.
     * @default false
     */
    withoutIstiod?: boolean;
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
 *     { gatewayApiCrds: gatewayApi.managed, values: { meshConfig: { accessLogFile: "/dev/stdout" } } },
 *     { provider },
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

    /**
     * @throws UserError where a version is not locked, a plain `tag` is another minor version's, or no control plane
     *   would be left
     */
    constructor(name: string, args: IstioControlPlaneArgs = {}, opts?: pulumi.ComponentResourceOptions) {
        checkIstiod(args);
        if (args.withoutIstiod && args.defaultRevision === undefined) {
            throw new UserError(`${name} is without istiod, so it needs a defaultRevision, which another one serves.`);
        }
        if (args.crdsVersion !== undefined) istioRelease(args.crdsVersion);
        const { gatewayApiCrds, ...recorded } = args;
        super("istio-on-pulumi:index:IstioControlPlane", name, recorded, opts);
        const namespaceResource = namespaceOf(childOf(this, name, ISTIO_NAMESPACE), ISTIO_NAMESPACE, args);
        const namespace = namespaceResource.metadata.name;
        const base = this.installBase(name, namespace, args);
        const { defaultRevision, withoutIstiod = false } = args;
        const own = defaultRevision === undefined ? {} : WITHOUT_DEFAULT;
        const before = knownValue(pulumi.output(gatewayApiCrds)).then(() => base);
        const istiod = withoutIstiod ? undefined : installIstiod(this, name, { ...args, namespace, own }, [before]);
        handles.set(this, { namespace: namespaceResource, istiod: istiod?.chart });
        const facts = factsOf(
            istiod && defaultRevision === undefined ? istiod.revision : pulumi.output(defaultRevision!),
        );

        this.namespace = namespace;
        this.version = pulumi.output(args.version ?? DEFAULT_ISTIO);
        this.revision = facts.revision;
        this.injectionWebhook = facts.injectionWebhook;
        this.validationWebhook = facts.validationWebhook;
        this.endpoint = facts.endpoint;
        this.registerOutputs({
            namespace: this.namespace,
            version: this.version,
            revision: this.revision,
            injectionWebhook: this.injectionWebhook,
            validationWebhook: this.validationWebhook,
            endpoint: this.endpoint,
        });
    }

    /** Chart `istiod`, if there is one; a remote component, whose children a dependency on it does not include. */
    get istiod(): k8s.helm.v4.Chart | undefined {
        return handles.get(this)!.istiod;
    }

    /** For `dependsOn` of what needs the namespace alone, and not a ready istiod. */
    get namespaceResource(): pulumi.CustomResource {
        return handles.get(this)!.namespace;
    }

    /** Istio's CRDs and the reader account. One release: 14 CRDs in the state would slow every operation down. */
    private installBase(
        name: string,
        namespace: pulumi.Input<string>,
        { version = DEFAULT_ISTIO, crdsVersion = version, ...args }: IstioControlPlaneArgs,
    ) {
        const { baseValues = {}, excludedCrds = [], defaultRevision, bundle } = args;
        const [child, options] = childOf(this, name, BASE_RELEASE.name);
        const own: ChartValues = {
            profile: "demo",
            ...(defaultRevision !== undefined && { defaultRevision }),
            ...(excludedCrds.length > 0 && { base: { excludedCRDs: excludedCrds } }),
        };
        const upstream = openUpstream(bundle);
        return new k8s.helm.v3.Release(
            child,
            {
                name: BASE_RELEASE.name,
                namespace,
                chart: inPlainWords(this, upstream.chart("base", crdsVersion)),
                version: crdsVersion,
                // It makes nothing that starts, and Helm, which looks every two seconds, would wait for CRDs that
                // serve within one; whatever needs them comes after istiod, which waits for them itself.
                skipAwait: true,
                values: pulumi.output(baseValues).apply((given) => mergeValues(own, given)),
            },
            {
                ...options,
                // Helm stumbles over what an interrupted update has left.
                hooks: {
                    beforeCreate: [
                        new pulumi.ResourceHook(`${child}-installation`, async () => {
                            const crds = (await readIstioCrdNames(upstream, crdsVersion)).filter(
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
}

/** The chart's values for a control plane that is not the default one any more. */
const WITHOUT_DEFAULT: ChartValues = {
    // The injector of the revision with the tag `default` selects the same namespaces.
    global: { operatorManageWebhooks: true },
    // It would go on for Gateways without a revision, side by side with the default revision: GetMyTags of Istio's
    // pkg/revisions has "default" for both.
    pilot: { env: { PILOT_ENABLE_GATEWAY_API_DEPLOYMENT_CONTROLLER: "false" } },
};

/** Not properties: those are the outputs of the component in every language. */
const handles = new WeakMap<
    IstioControlPlane,
    { namespace: pulumi.CustomResource; istiod: k8s.helm.v4.Chart | undefined }
>();

/** The release of chart `base`. */
export const BASE_RELEASE: ReleaseName = { name: "istio-base", namespace: ISTIO_NAMESPACE };
