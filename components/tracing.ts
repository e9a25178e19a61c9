import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { ISTIO_NAMESPACE } from "@istio-on-pulumi/kube";
import { childOf } from "./child";

export interface TracingArgs {
    /**
     * Name of the mesh's provider of traces (`meshConfig.extensionProviders`).
     *
     * A change: in place.
     * @default "jaeger", which the demo profile has
     */
    tracingProvider?: pulumi.Input<string>;
    /**
     * Share of the requests that are traced, in percent: 0 to 100.
     *
     * A change: in place.
     * @default the mesh's; 100 in the demo profile
     */
    percentage?: pulumi.Input<number>;
}

/**
 * Makes every proxy of the mesh send its spans to a provider of traces.
 *
 * The demo profile knows Jaeger as one and samples all requests, but nothing there uses it. Needs a ready control
 * plane, whose webhook checks the object. A mesh takes one of them.
 *
 * @example
 * new Tracing("tracing", { percentage: 1 }, { provider, dependsOn: [istio] });
 */
export class Tracing extends pulumi.ComponentResource {
    constructor(name: string, args: TracingArgs = {}, opts?: pulumi.ComponentResourceOptions) {
        super("istio-on-pulumi:index:Tracing", name, args, opts);
        const [child, options] = childOf(this, name, MESH_TELEMETRY);
        const { tracingProvider = "jaeger", percentage } = args;
        new k8s.apiextensions.CustomResource(
            child,
            {
                apiVersion: "telemetry.istio.io/v1",
                kind: "Telemetry",
                // In the root namespace and without a selector it is the whole mesh's.
                metadata: { name: MESH_TELEMETRY, namespace: ISTIO_NAMESPACE },
                spec: {
                    tracing: [
                        {
                            providers: [{ name: tracingProvider }],
                            ...(percentage !== undefined && { randomSamplingPercentage: percentage }),
                        },
                    ],
                },
            },
            options,
        );
        this.registerOutputs({});
    }
}

/** As Istio's documentation calls it; a mesh has but one. */
const MESH_TELEMETRY = "mesh-default";
