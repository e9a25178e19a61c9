import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { ISTIO_NAMESPACE } from "@istio-on-pulumi/kube";

export interface StrictMtlsArgs {
    /** The cluster's provider. */
    provider: k8s.Provider;
}

/**
 * Makes every workload of the mesh refuse what does not come by mutual TLS.
 *
 * Without it each takes both. Needs a ready control plane, whose webhook checks the object.
 */
export class StrictMtls extends pulumi.ComponentResource {
    readonly policy: k8s.apiextensions.CustomResource;

    constructor(name: string, args: StrictMtlsArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-on-pulumi:index:StrictMtls", name, {}, { ...opts, providers: { kubernetes: args.provider } });
        this.policy = new k8s.apiextensions.CustomResource(
            "mesh-mtls",
            {
                apiVersion: "security.istio.io/v1",
                kind: "PeerAuthentication",
                // In the root namespace and without a selector it is the whole mesh's.
                metadata: { name: MESH_POLICY, namespace: ISTIO_NAMESPACE },
                spec: { mtls: { mode: "STRICT" } },
            },
            { parent: this },
        );
        this.registerOutputs({});
    }
}

/** As Istio's documentation calls it; a mesh has but one. */
export const MESH_POLICY = "default";
