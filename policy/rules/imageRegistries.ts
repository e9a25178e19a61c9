import { withRegistry } from "@istio-on-pulumi/kube";
import { imagesOf } from "../pods";
import type { ObjectRule } from "../rule";
import { PRODUCTION } from "../stacks";

interface Settings {
    readonly allowed: Readonly<Record<string, readonly string[]>>;
}

/** Where Istio, its addons and Kubernetes' own images come from. */
const PUBLIC = ["docker.io", "quay.io", "ghcr.io", "registry.k8s.io"];

export const imageRegistries: ObjectRule<Settings> = {
    name: "image-registries",
    description: "Every image comes from a registry that the stack may use.",
    production: PRODUCTION,
    settings: {
        allowed: {
            type: "object",
            additionalProperties: { type: "array", items: { type: "string" } },
            default: { "*": PUBLIC },
            description:
                'By the name of a stack, or "*" for all others: registries, each with a path if only that is allowed.',
        },
    },
    judge: (object, { allowed }, stack) => {
        const places = allowed[stack] ?? allowed["*"];
        if (!places) return [];
        return imagesOf(object)
            .map(({ image, where }) => ({ image: withRegistry(image), where }))
            .filter(({ image }) => !places.some((place) => isBelow(image, place)))
            .map(
                ({ image, where }) =>
                    `${object.title} takes image ${image} ${where} from a registry that stack ${stack} may not use; ` +
                    `allowed: ${places.join(", ") || "none"}. Take it from there, or add its registry to "allowed" of rule ` +
                    "image-registries.",
            );
    },
};

const isBelow = (image: string, place: string): boolean => image.startsWith(`${place.replace(/\/+$/, "")}/`);
