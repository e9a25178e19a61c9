import type { Fields, Resource } from "../model";
import { at, isSame, listAt, textAt } from "../values";

/** Whether the object that is there now goes: a replacement's goes before the new one comes. */
export const goes = ({ verb, stays }: Resource): boolean => verb === "replace" || (verb === "delete" && !stays);

/** Whether nothing takes its place. */
export const isGone = ({ verb }: Resource): boolean => verb === "delete";

export const isWebhook = ({ kind }: Resource): boolean =>
    kind === "MutatingWebhookConfiguration" || kind === "ValidatingWebhookConfiguration";

export const isWorkload = ({ kind }: Resource): boolean => ["Deployment", "StatefulSet", "DaemonSet"].includes(kind);

/** Whether its pods are renewed in place, by a rollout. */
export const isRestarted = (resource: Resource): boolean =>
    isWorkload(resource) &&
    resource.verb === "update" &&
    !isSame(at(resource.before, "spec", "template"), at(resource.after, "spec", "template"));

export const isIstiod = (resource: Resource): boolean =>
    resource.kind === "Deployment" && /^istiod(-|$)/.test(resource.name);

/** The images of a workload's pods, by container. */
export function imagesOf(workload: Fields | undefined): ReadonlyMap<string, string> {
    const containers = [
        ...listAt(workload, "spec", "template", "spec", "initContainers"),
        ...listAt(workload, "spec", "template", "spec", "containers"),
    ];
    return new Map(containers.map((each) => [textAt(each, "name") ?? "", textAt(each, "image") ?? ""]));
}

/** The tag of an image, without the registry's port and a digest. */
export const tagOf = (image: string): string => /:([\w][\w.-]*)(?:@[^/]*)?$/.exec(image)?.[1] ?? "latest";

/** Major and minor and patch of a version, or of a tag that begins with one. */
export function versionOf(text: string | undefined): readonly [number, number, number] | undefined {
    const found = /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(text ?? "");
    return found ? [Number(found[1]), Number(found[2]), Number(found[3] ?? 0)] : undefined;
}

/** The image that injection gives each proxy, by the injector's own values: hub, name and tag. */
export function proxyImageOf(injector: Fields | undefined): string | undefined {
    const text = textAt(injector, "data", "values");
    if (text === undefined) return undefined;
    try {
        const values = JSON.parse(text) as { global?: { hub?: string; tag?: string | number; variant?: string } };
        const { hub, tag, variant } = values.global ?? {};
        return `${hub}/${textAt(values, "global", "proxy", "image") ?? "proxyv2"}:${tag}${variant ? `-${variant}` : ""}`;
    } catch {
        return undefined;
    }
}
