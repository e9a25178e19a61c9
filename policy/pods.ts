import type { KubeObject } from "./objects";
import { at, listAt, textAt } from "./values";

/** Where the pod of a kind stands in it. */
const POD_PATHS: Readonly<Record<string, readonly string[]>> = {
    "/Pod": [],
    "/PodTemplate": ["template"],
    "/ReplicationController": ["spec", "template"],
    "apps/DaemonSet": ["spec", "template"],
    "apps/Deployment": ["spec", "template"],
    "apps/ReplicaSet": ["spec", "template"],
    "apps/StatefulSet": ["spec", "template"],
    "batch/CronJob": ["spec", "jobTemplate", "spec", "template"],
    "batch/Job": ["spec", "template"],
};

/** The pod that an object is or makes; none of an object without pods. */
export function podOf({ group, kind, fields }: KubeObject): unknown {
    const path = POD_PATHS[`${group}/${kind}`];
    return path && at({ pod: fields }, "pod", ...path);
}

/** Istio's own placeholder in a gateway's Deployment: the injection puts its image and its requests there. */
export const INJECTED_IMAGE = "auto";

/** An image that a pod names, and where: for a sentence that begins with the pod. */
export interface Image {
    readonly image: string;
    /** Such as `in container web`. */
    readonly where: string;
}

const PROXY_IMAGE = "sidecar.istio.io/proxyImage";

/** Images of all containers, of volumes that are images, and of the sidecar where an annotation names it. */
export function imagesOf(object: KubeObject): Image[] {
    const pod = podOf(object);
    const named = (list: string, what: string) =>
        listAt(pod, "spec", list).map((container) => ({
            image: textAt(container, "image"),
            where: `in ${what} ${textAt(container, "name") ?? "?"}`,
        }));
    return [
        ...named("containers", "container"),
        ...named("initContainers", "init container"),
        ...named("ephemeralContainers", "ephemeral container"),
        ...listAt(pod, "spec", "volumes").map((volume) => ({
            image: textAt(volume, "image", "reference"),
            where: `in volume ${textAt(volume, "name") ?? "?"}`,
        })),
        { image: textAt(pod, "metadata", "annotations", PROXY_IMAGE), where: `in annotation ${PROXY_IMAGE}` },
    ].filter((found): found is Image => Boolean(found.image) && found.image !== INJECTED_IMAGE);
}
