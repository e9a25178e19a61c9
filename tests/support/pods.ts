import type { Lab } from "./lab";
import { eventually, getAll } from "./lab-objects";
import type { Pod } from "./objects";

/**
 * The pods of a namespace that stay, once there are so many of them.
 *
 * `pulumi up` returns when the new pods of a Deployment are ready; the old ones are marked as going a moment later, and
 * take their time to end.
 */
export function stayingPods(lab: Lab, count: number, namespace: string, selector = ""): Promise<Pod[]> {
    return eventually(
        async () => {
            const pods = await getAll<Pod>(lab, "pods", "--namespace", namespace, "--selector", selector);
            return pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
        },
        (pods) => pods.length === count,
        `${count} pods stay in ${namespace}`,
    );
}
