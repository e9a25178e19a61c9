import { UserError } from "@istio-on-pulumi/kube";
import type { ClusterSurvey } from "./survey";

/**
 * The host at which users reach the node ports: the configured one, else the address of the first node.
 *
 * @throws UserError where neither is known
 */
export function nodeHost(configured: string | undefined, survey: ClusterSurvey): string {
    const host = configured ?? survey.nodeAddress;
    if (host === undefined) {
        throw new UserError(
            `The cluster of context ${JSON.stringify(survey.context)} tells no node's InternalIP to this user; ` +
                "name a host with: pulumi config set nodeHost <host>",
        );
    }
    return host;
}

/**
 * Makes sure that a volume claim will be answered; one without a class stays Pending until the update times out.
 *
 * @param configured the configured StorageClass, if any
 * @throws UserError where the class does not exist, or none is configured and the cluster has no default
 */
export function checkLokiStorage(configured: string | undefined, survey: ClusterSurvey): void {
    const classes = survey.storageClasses;
    if (classes === undefined || (configured === undefined ? classes.hasDefault : classes.names.includes(configured))) {
        return;
    }
    const problem =
        configured === undefined ? "has no default StorageClass" : `has no StorageClass ${JSON.stringify(configured)}`;
    const allowed = classes.names.length > 0 ? `allowed: ${classes.names.join(", ")}` : "it has none at all";
    throw new UserError(
        `Loki needs a volume, and the cluster of context ${JSON.stringify(survey.context)} ${problem} (${allowed}); ` +
            "choose one with: pulumi config set lokiStorageClass <name>, " +
            "or leave Loki out with: pulumi config set loki false",
    );
}
