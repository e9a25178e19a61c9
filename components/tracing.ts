import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { ISTIO_NAMESPACE } from "@istio-on-pulumi/kube";

export interface TracingArgs {
    /** Share of the requests that are traced, in percent. @default what the profile says: all */
    sampling?: number;
    /** The cluster's provider. */
    provider: k8s.Provider;
}

/**
 * Makes every proxy of the mesh send its spans to Jaeger.
 *
 * The demo profile knows Jaeger as a provider of traces and samples all requests, but nothing there uses the provider.
 * Needs a ready control plane, whose webhook checks the object.
 */
export class Tracing extends pulumi.ComponentResource {
    readonly telemetry: k8s.apiextensions.CustomResource;

    constructor(name: string, args: TracingArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-on-pulumi:index:Tracing", name, {}, { ...opts, providers: { kubernetes: args.provider } });
        this.telemetry = new k8s.apiextensions.CustomResource(
            MESH_TELEMETRY,
            {
                apiVersion: "telemetry.istio.io/v1",
                kind: "Telemetry",
                // In the root namespace and without a selector it is the whole mesh's.
                metadata: { name: MESH_TELEMETRY, namespace: ISTIO_NAMESPACE },
                spec: {
                    tracing: [
                        {
                            providers: [{ name: "jaeger" }],
                            ...(args.sampling !== undefined && { randomSamplingPercentage: args.sampling }),
                        },
                    ],
                },
            },
            { parent: this },
        );
        this.registerOutputs({});
    }
}

/** As Istio's documentation calls it; a mesh has but one. */
const MESH_TELEMETRY = "mesh-default";
