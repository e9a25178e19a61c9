import type * as pulumi from "@pulumi/pulumi";
import { withRegistry } from "@istio-on-pulumi/kube";
import { mapInput } from "./inputs";

/** Registries to pull from instead: from a registry, or a registry with a path, to its mirror. */
export type ImageMirrors = Record<string, string>;

/**
 * The name under which an image (or a hub, an image's registry and path) is pulled; the longest matching mirror counts.
 */
export function mirrored(image: string, mirrors: ImageMirrors): string {
    const full = withRegistry(image);
    const best = Object.keys(mirrors)
        .filter((prefix) => full === prefix || full.startsWith(`${prefix}/`))
        .sort((a, b) => b.length - a.length)[0];
    return best === undefined ? image : mirrors[best] + full.slice(best.length);
}

/** As `mirrored`, with mirrors that may not be known yet. */
export function mirroredInput(image: string, mirrors: pulumi.Input<ImageMirrors>): pulumi.Input<string> {
    return mapInput(mirrors, (known) => mirrored(image, known));
}
