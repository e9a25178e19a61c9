import * as pulumi from "@pulumi/pulumi";
import { SKIP_AWAIT } from "./annotations";
import { mapInput } from "./inputs";
import { withoutReplicas } from "./manifest";

/**
 * Changes to the objects of chart `istiod` that its values cannot express; and each has the component's provider.
 *
 * The options of a remote component's child come without its provider, and a transform that answers with them drops it:
 * one of the user's too, which comes after this one.
 * @param provider the component's, if it has one
 * @param setsReplicas whether the chart's values say how many istiods there are; else whoever scales it does
 */
export function istiodTransform(
    provider: pulumi.ProviderResource | undefined,
    setsReplicas: pulumi.Input<boolean>,
): pulumi.ResourceTransform {
    return ({ custom, type, props, opts }) => {
        // The chart itself has it as a component has.
        if (!custom) return undefined;
        const changed = changeIstiodObject(type, props, setsReplicas) ?? props;
        return { props: changed, opts: provider ? pulumi.mergeOptions(opts, { provider }) : opts };
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
export function changeIstiodObject(
    type: string,
    props: ChartObject,
    setsReplicas: pulumi.Input<boolean>,
): object | undefined {
    switch (type) {
        case "kubernetes:admissionregistration.k8s.io/v1:ValidatingWebhookConfiguration":
            // Istiod sets it to Fail once it is ready, which is also the API's default; claiming it would conflict.
            return { ...props, webhooks: props.webhooks?.map(({ failurePolicy: _, ...webhook }) => webhook) };
        case "kubernetes:apps/v1:Deployment":
            return {
                ...props,
                spec: mapInput(setsReplicas, (isSet) => (isSet ? props : withoutReplicas(props)).spec),
            };
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
