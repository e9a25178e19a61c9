import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { secretText } from "../components/internal";

/** Which cluster every resource of the stack goes to. */
export interface ClusterArgs {
    /**
     * Path of the kubeconfig as the user wrote it, or its text.
     *
     * It is kept in the stack's state, a text as a secret; a path should read the same on every machine (`~/` is
     * allowed).
     * @default the provider's own search: $KUBECONFIG, else ~/.kube/config; then nothing is kept in state
     */
    kubeconfig?: string;
    /** Context of the kubeconfig. Always given: a context that is switched elsewhere must not move the stack. */
    context: string;
    /**
     * What the provider takes for the cluster's identity. While it stays the same, a renewed certificate or a moved API
     * server is no reason to replace every resource; a change of it replaces all of them.
     */
    identifier: string;
}

/** The stack's only way to its cluster: one explicit provider, so that no resource takes the ambient kubeconfig. */
export class Cluster extends pulumi.ComponentResource {
    /**
     * Takes over an object that exists already, at every version of the provider (see docs/provider-versions.md): the
     * program has looked first, and what exists is the stack's own, left by an update that was interrupted.
     */
    readonly provider: k8s.Provider;

    constructor(name: string, args: ClusterArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-on-pulumi:index:Cluster", name, {}, opts);
        this.provider = new k8s.Provider(
            name,
            {
                // Not undefined: the SDK would put this machine's $KUBECONFIG into the stack's state.
                kubeconfig: secretText(args.kubeconfig ?? ""),
                context: args.context,
                clusterIdentifier: args.identifier,
                // Istiod reads its ConfigMaps all the time: a replacement would leave a gap without injection.
                enableConfigMapMutable: true,
                upsertExistingObjects: true,
            },
            { parent: this },
        );
        this.registerOutputs({});
    }
}
