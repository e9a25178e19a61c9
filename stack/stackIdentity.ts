import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { keptCommand, knownValue } from "../components/internal";

export interface StackIdentityArgs {
    /** UID of the cluster's namespace `kube-system`. Only the first one is kept: a later one changes nothing. */
    clusterUid: string;
    /**
     * The identity that the settings name: of a stack whose state is lost, and whose objects are this one's.
     *
     * @default the one that the state keeps
     */
    id?: string;
}

/** What the stack's settings and state know of the stack; before the first update a preview knows no identity. */
export interface KnownIdentity {
    /** Names this stack among all stacks. It stays the same when the stack is renamed or its backend is moved. */
    readonly id?: string;
    /** UID of the namespace `kube-system` of the cluster that the stack was first brought up on. */
    readonly clusterUid?: string;
}

/**
 * Who this stack is, and which cluster it was made for: the first thing in its state, and nothing in the cluster.
 *
 * A program cannot read its own state, but what a resource that does not change was made with is an output of it, in a
 * preview too. A command that does nothing is the smallest such resource.
 */
export class StackIdentity extends pulumi.ComponentResource {
    /** Names this stack among all stacks, in the objects that it makes. */
    readonly id: pulumi.Output<string>;
    private readonly record: command.local.Command;

    constructor(name: string, args: StackIdentityArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-on-pulumi:index:StackIdentity", name, {}, opts);
        this.record = keptCommand(name, { [CLUSTER_UID]: args.clusterUid }, { parent: this });
        // The command's own id is drawn at random by its provider when it is created.
        this.id = args.id === undefined ? this.record.id : pulumi.output(args.id);
        this.registerOutputs({ id: this.id });
    }

    async known(): Promise<KnownIdentity> {
        const environment = await knownValue(this.record.environment);
        return { id: await knownValue(this.id), clusterUid: environment?.[CLUSTER_UID] };
    }
}

const CLUSTER_UID = "CLUSTER_UID";
