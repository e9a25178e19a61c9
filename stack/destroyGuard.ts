import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { kubeconfigFor, shellWords } from "../components/internal";

export interface DestroyGuardArgs {
    /** Path of the kubeconfig, or its text. @default $KUBECONFIG, else ~/.kube/config */
    kubeconfig?: string;
    /** Context of the kubeconfig. */
    context: string;
    /** UID of the namespace `kube-system` of the stack's cluster. */
    clusterUid: string;
}

/**
 * Keeps `pulumi destroy` away from another cluster, to which a context of the same name may lead.
 *
 * Destroying does not run the program, so what looks at the cluster must be a resource: one that depends on everything
 * else is deleted first, and one that cannot be deleted ends the operation there.
 */
export class DestroyGuard extends pulumi.ComponentResource {
    constructor(
        name: string,
        args: DestroyGuardArgs,
        {
            dependsOn,
            ...opts
        }: pulumi.ComponentResourceOptions & { dependsOn: pulumi.CustomResourceOptions["dependsOn"] },
    ) {
        super("istio-on-pulumi:index:DestroyGuard", name, {}, opts);
        new command.local.Command(
            name,
            {
                create: "exit 0",
                delete: guardCommand(args),
                environment: kubeconfigFor(args.kubeconfig, KUBECONFIG_TEXT).environment,
                addPreviousOutputInEnv: false,
            },
            { parent: this, dependsOn },
        );
        this.registerOutputs({});
    }
}

/** The variable from which `cluster/guard.ts` reads a kubeconfig that is a text. */
const KUBECONFIG_TEXT = "STACK_KUBECONFIG";

/** The command line that fails where the cluster is another one, for `sh`. */
export function guardCommand({ kubeconfig, context, clusterUid }: DestroyGuardArgs): string {
    // Not by tsx's own program: it opens a socket in the temporary directory of its user id, where that of another user
    // may be, who is root in a user namespace too.
    const words = [
        ...["node", "--require", "tsx/cjs", "cluster/guard.ts", "--uid", clusterUid, "--context", context],
        ...kubeconfigFor(kubeconfig, KUBECONFIG_TEXT).words,
    ];
    const missing =
        "The program's packages are not installed here, and they look at the cluster before anything is deleted; run: npm ci";
    return `test -d node_modules/tsx || { echo ${shellWords([missing])} >&2; exit 1; }; exec ${shellWords(words)}`;
}
