import type { V1Container, V1Pod } from "@kubernetes/client-node";
import { NODE_IP } from "../control-plane/addresses";
import { containerEnvironment } from "./environment";
import type { KubeletApi } from "./kubelet-api";
import { baseEnvironment } from "./root";
import { resolveVolumes, type Volumes } from "./volumes";

/** What a pod's containers mount and have in their environments, by container name. */
export interface References {
    readonly volumes: Volumes;
    readonly env: ReadonlyMap<string, Record<string, string>>;
}

/**
 * Reads everything that the containers refer to.
 * @throws MissingReference if something required does not exist (yet)
 */
export async function resolveReferences(
    api: KubeletApi,
    pod: V1Pod,
    containers: readonly V1Container[],
    address: string,
): Promise<References> {
    // The variables may ask for the pod's address, which its status has only later.
    const addressed = {
        ...pod,
        status: { ...pod.status, podIP: address, podIPs: [{ ip: address }], hostIP: NODE_IP },
    };
    const lookup = api.lookup(pod);
    const volumes = await resolveMounts(api, pod, containers);
    const env = await Promise.all(
        containers.map(
            async (container) =>
                [
                    container.name,
                    await containerEnvironment(addressed, container, lookup, baseEnvironment(pod)),
                ] as const,
        ),
    );
    return { volumes, env: new Map(env) };
}

/** The same for what they mount alone: it changes while they run. */
export function resolveMounts(api: KubeletApi, pod: V1Pod, containers: readonly V1Container[]): Promise<Volumes> {
    const token = api.token.bind(api, pod);
    return resolveVolumes(pod, containers, { lookup: api.lookup(pod), token });
}
