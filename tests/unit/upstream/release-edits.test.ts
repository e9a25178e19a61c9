import { describe, expect, it } from "vitest";
import { applyReleaseEdits, isEdited } from "../../../upstream/release-edits";
import { EDITED, EDITED_TEXT, PLAIN, TREE } from "./fixture";

const VALUES = "istio-1.25.1/manifests/charts/istio-control/istio-discovery/values.yaml";

describe("applyReleaseEdits", () => {
    it("sets the chart's version and appVersion", () => {
        expect(applyReleaseEdits(EDITED, TREE[EDITED]!)).toBe(EDITED_TEXT);
    });

    it("sets hub and tag and keeps their indentation and everything else", () => {
        const text = "a: 1\n    hub: gcr.io/istio-testing\n    tag: latest\n# tag: latest is a comment\n";
        expect(applyReleaseEdits(VALUES, text)).toBe(
            "a: 1\n    hub: docker.io/istio\n    tag: 1.25.1\n# tag: latest is a comment\n",
        );
    });

    it("leaves a file without edits alone", () => {
        expect(isEdited(PLAIN)).toBe(false);
        expect(applyReleaseEdits(PLAIN, "tag: latest\nversion: 1.0.0\n")).toBe("tag: latest\nversion: 1.0.0\n");
    });

    it.each([
        ["absent", "version: 2.0.0\nappVersion: 1.0.0\n", 0],
        ["there twice", "version: 1.0.0\nversion: 1.0.0\nappVersion: 1.0.0\n", 2],
    ])("fails when a line to edit is %s", (_, text, count) => {
        expect(() => applyReleaseEdits(EDITED, text)).toThrow(
            `${EDITED} has ${count} lines "version: 1.0.0" where the edit for Istio 1.25.1 expects exactly one`,
        );
    });
});
