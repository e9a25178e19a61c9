import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { ISTIO_NAMESPACE } from "@istio-on-pulumi/kube";

/** What the workloads of the mesh take: mutual TLS alone, or plain text, too. */
export const MtlsMode = { STRICT: "STRICT", PERMISSIVE: "PERMISSIVE" } as const;
export type MtlsMode = (typeof MtlsMode)[keyof typeof MtlsMode];

export interface MutualTlsArgs {
    /**
     * `STRICT`, mutual TLS alone; `PERMISSIVE`, plain text, too, as without this component.
     *
     * A change: in place; with `STRICT` callers without a sidecar are refused.
     * @default "STRICT"
     */
    mode?: pulumi.Input<MtlsMode>;
}

/**
 * What every workload of the mesh takes, unless a policy of its namespace says otherwise.
 *
 * Needs a ready control plane, whose webhook checks the object. A mesh takes one of them.
 *
 * @example
 * new MutualTls("mtls", {}, { provider, dependsOn: [istio] });
 */
export class MutualTls extends pulumi.ComponentResource {
    constructor(name: string, args: MutualTlsArgs = {}, opts?: pulumi.ComponentResourceOptions) {
        super("istio-on-pulumi:index:MutualTls", name, args, opts);
        new k8s.apiextensions.CustomResource(
            `${name}-peer-authentication`,
            {
                apiVersion: "security.istio.io/v1",
                kind: "PeerAuthentication",
                // In the root namespace and without a selector it is the whole mesh's.
                metadata: { name: MESH_POLICY, namespace: ISTIO_NAMESPACE },
                spec: { mtls: { mode: args.mode ?? "STRICT" } },
            },
            { parent: this },
        );
        this.registerOutputs({});
    }
}

/** As Istio's documentation calls it; a mesh has but one. */
export const MESH_POLICY = "default";
