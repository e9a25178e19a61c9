import type { V1Pod } from "@kubernetes/client-node";

/**
 * Images whose pods run as processes, by the last part of their names: mirrors keep it. The syntax is that of jq, too:
 * kwok leaves out the same pods.
 */
const CONTROL_PLANE = "(^|/)pilot([:@]|$)";
const DATA_PLANE =
    "(^|/)(pilot|proxyv2|all-in-one|([^/]*-)?bookinfo-(productpage|details|ratings|reviews)-v[0-9]+)([:@]|$)";

/**
 * Pattern of the images that make a pod run as processes.
 * @param dataPlane whether sidecars, gateways, Bookinfo and Jaeger do
 */
export const processImages = (dataPlane: boolean) => (dataPlane ? DATA_PLANE : CONTROL_PLANE);

/** Whether the pod runs as processes; kwok simulates it otherwise. */
export function runsAsProcesses(pod: V1Pod, dataPlane: boolean): boolean {
    const pattern = new RegExp(processImages(dataPlane));
    return pod.spec?.containers.some(({ image }) => pattern.test(image ?? "")) ?? false;
}

/** The last part of an image's name and its tag (`latest` if it has none, `""` with a digest only). */
export function parseImage(image: string): { base: string; tag: string } {
    const last = image.slice(image.lastIndexOf("/") + 1);
    const [named = "", digest] = last.split("@");
    const [base = "", tag] = named.split(":");
    return { base, tag: tag ?? (digest === undefined ? "latest" : "") };
}

/** Application and version of one of Bookinfo's images, or undefined if it is none. */
export function bookinfoImage(image: string): { application: string; version: string } | undefined {
    const [, application, version] =
        /(?:^|-)bookinfo-(productpage|details|ratings|reviews)-(v[0-9]+)$/.exec(parseImage(image).base) ?? [];
    return application === undefined || version === undefined ? undefined : { application, version };
}
