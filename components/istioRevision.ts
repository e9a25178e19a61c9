import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { DEFAULT_ISTIO, ISTIO_NAMESPACE } from "@istio-on-pulumi/kube";
import type { Endpoint } from "./endpoint";
import { checkIstiod, factsOf, installIstiod, type IstiodArgs } from "./istiod";

export interface IstioRevisionArgs extends IstiodArgs {
    /**
     * Name of the revision, such as `1-26-0`: a namespace with the label `istio.io/rev` of this value gets its sidecars
     * and gateways from this control plane.
     *
     * A change: replacement by another control plane; what has the label of the old one loses it.
     */
    revision: string;
    /**
     * Whether namespaces that ask for injection and name no revision get it from this control plane: Istio's tag
     * `default`. Tell `IstioControlPlane` by its `defaultRevision`.
     *
     * A change: in place.
     * @default false
     */
    isDefault?: boolean;
}

/**
 * A further control plane beside the one of an `IstioControlPlane`, which it depends on: for an upgrade by revision.
 *
 * @example
 * const istio = new IstioControlPlane("istio", { version: "1.25.3", crdsVersion: "1.26.0" }, { provider });
 * new IstioRevision(
 *     "istio-1-26-0",
 *     { revision: "1-26-0", version: "1.26.0" },
 *     { provider, dependsOn: [istio] },
 * );
 */
export class IstioRevision extends pulumi.ComponentResource {
    /** Version of its chart, such as `1.26.0`. */
    readonly version: pulumi.Output<string>;
    /** Its revision, for the label `istio.io/rev` of a namespace. */
    readonly revision: pulumi.Output<string>;
    /** Name of the MutatingWebhookConfiguration by which pods get their sidecar. */
    readonly injectionWebhook: pulumi.Output<string>;
    /** Name of the ValidatingWebhookConfiguration that checks Istio's objects. */
    readonly validationWebhook: pulumi.Output<string>;
    /** Its Service, inside the cluster. */
    readonly endpoint: pulumi.Output<Endpoint>;

    /** @throws UserError where the version is not locked, or a plain `tag` is another minor version's */
    constructor(name: string, args: IstioRevisionArgs, opts?: pulumi.ComponentResourceOptions) {
        checkIstiod(args);
        super("istio-on-pulumi:index:IstioRevision", name, args, opts);
        const { revision, isDefault = false } = args;
        const own = { revision, ...(isDefault && { revisionTags: ["default"] }) };
        const istiod = installIstiod(this, name, { ...args, namespace: ISTIO_NAMESPACE, own }, []);
        handles.set(this, istiod.chart);
        this.version = pulumi.output(args.version ?? DEFAULT_ISTIO);
        const facts = factsOf(istiod.revision);
        this.revision = facts.revision;
        this.injectionWebhook = facts.injectionWebhook;
        this.validationWebhook = facts.validationWebhook;
        this.endpoint = facts.endpoint;
        this.registerOutputs({
            version: this.version,
            revision: this.revision,
            injectionWebhook: this.injectionWebhook,
            validationWebhook: this.validationWebhook,
            endpoint: this.endpoint,
        });
    }

    /** Chart `istiod`; a remote component, whose children a dependency on it does not include. */
    get istiod(): k8s.helm.v4.Chart {
        return handles.get(this)!;
    }
}

/** Not a property: those are the outputs of the component in every language. */
const handles = new WeakMap<IstioRevision, k8s.helm.v4.Chart>();
