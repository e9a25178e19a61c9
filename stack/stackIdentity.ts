import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { keptCommand, knownValue } from "../components/internal";

export interface StackIdentityArgs {
    /** UID of the cluster's namespace `kube-system`. Only the first one is kept: a later one changes nothing. */
    clusterUid: string;
}

/** What the stack's state knows of the stack. */
export interface RecordedIdentity {
    /** Names this stack among all stacks. It stays the same when the stack is renamed or its backend is moved. */
    readonly id: string;
    /** UID of the namespace `kube-system` of the cluster that the stack was first brought up on. */
    readonly clusterUid: string;
}

/**
 * Who this stack is, and which cluster it was made for: the first thing in its state, and nothing in the cluster.
 *
 * A program cannot read its own state, but what a resource that does not change was made with is an output of it, in a
 * preview too. A command that does nothing is the smallest such resource.
 */
export class StackIdentity extends pulumi.ComponentResource {
    private readonly record: command.local.Command;

    constructor(name: string, args: StackIdentityArgs, opts?: pulumi.ComponentResourceOptions) {
        super("istio-on-pulumi:index:StackIdentity", name, {}, opts);
        this.record = keptCommand(name, { [CLUSTER_UID]: args.clusterUid }, { parent: this });
        this.registerOutputs({ id: this.id });
    }

    /** The command's own id, which its provider draws at random when it is created. */
    get id(): pulumi.Output<string> {
        return this.record.id;
    }

    /** What the state holds; `undefined` in a preview before the first update. */
    async recorded(): Promise<RecordedIdentity | undefined> {
        const known = await knownValue(pulumi.all([this.record.id, this.record.environment]));
        return known && { id: known[0], clusterUid: known[1]?.[CLUSTER_UID] ?? "" };
    }
}

const CLUSTER_UID = "CLUSTER_UID";
