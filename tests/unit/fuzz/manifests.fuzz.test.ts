import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { mutated } from "@istio-on-pulumi/inspect/testing";
import { UserError } from "@istio-on-pulumi/kube";
import { parseManifest } from "../../../components/manifest";
import { containerImages, istioImages } from "../../../upstream/images";
import { applyReleaseEdits } from "../../../upstream/release-edits";
import { ADDON_MANIFESTS } from "../../support/manifests";
import { TREE } from "../upstream/fixture";

/* Manifests and charts of whatever content are read, or refused by a sentence. */

const SEEDS = [...Object.values(ADDON_MANIFESTS), ...Object.values(TREE)];
const text = fc.oneof(
    mutated(SEEDS),
    fc.string({ unit: "binary" }),
    fc.json(),
    fc.constantFrom("a: *b", "&a [*a]", "? {}", "- \n---\nkind: 1"),
);

function readOrRefused(read: () => unknown): void {
    try {
        read();
    } catch (error) {
        if (!(error instanceof UserError)) throw error;
    }
}

describe("a manifest", () => {
    it("of any text is read, or refused", () => {
        fc.assert(fc.property(text, (given) => readOrRefused(() => parseManifest(given))));
    });
    it("of any text has images, or none", () => {
        fc.assert(fc.property(text, (given) => readOrRefused(() => containerImages(given))));
    });
    it("that was written is read back", () => {
        const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 });
        const object = fc.record({
            apiVersion: fc.constant("v1"),
            kind: name,
            metadata: fc.record({
                name,
                labels: fc.dictionary(
                    name.filter((key) => key !== "__proto__"),
                    fc.string(),
                ),
            }),
        });
        fc.assert(
            fc.property(fc.array(object, { maxLength: 4 }), (objects) => {
                expect(parseManifest(objects.map((each) => stringify(each)).join("---\n"))).toEqual(objects);
            }),
        );
    });
});

describe("a chart", () => {
    it("of any values names its images, or is refused", () => {
        fc.assert(fc.property(text, (given) => readOrRefused(() => istioImages("values.yaml", given))));
    });
    it("of any text gets the release's edits, or is refused", () => {
        fc.assert(
            fc.property(fc.constantFrom(...Object.keys(TREE)), text, (path, given) =>
                readOrRefused(() => applyReleaseEdits(path, given)),
            ),
        );
    });
});
