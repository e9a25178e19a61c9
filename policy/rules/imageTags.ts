import { imagesOf } from "../pods";
import type { ObjectRule } from "../rule";
import { PRODUCTION } from "../stacks";

export const imageTags: ObjectRule = {
    name: "image-tags",
    description: "Every image has the tag of a version or a digest.",
    production: PRODUCTION,
    judge: (object) =>
        imagesOf(object).flatMap(({ image, where }) => {
            const wrong = moving(image);
            return wrong === undefined
                ? []
                : [
                      `${object.title} names image ${image} ${where} ${wrong}, so that a restart may run another ` +
                          "program: give it the tag of a version, or a digest (@sha256:...).",
                  ];
        }),
};

/** What is wrong with an image's tag; nothing with a version's or a digest. */
function moving(image: string): string | undefined {
    if (image.includes("@")) return undefined;
    // A colon before the last slash is a registry's port.
    const tag = /:([^:/]+)$/.exec(image)?.[1];
    if (tag === undefined) return "without a tag";
    // latest, stable, main: a name and no version.
    return /^latest\b/.test(tag) || !/\d/.test(tag) ? `with tag ${tag}, which moves` : undefined;
}
