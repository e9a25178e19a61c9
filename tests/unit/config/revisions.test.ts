import { describe, expect, it } from "vitest";
import { istioVersions, loadSettings } from "../../../config";
import { configurationOf } from "../../support/settings";

const load = (values: Readonly<Record<string, unknown>>) => loadSettings(configurationOf(values), "istio-on-pulumi");
const CANARY = { "istio.version": "1.25.3", "istio.revisions": { "1-26-0": "1.26.0" } };

describe("the releases in a stack", () => {
    it("are one without revisions", () => {
        expect(istioVersions(load({}).istio)).toEqual({
            controlPlanes: { default: "1.25.1" },
            defaultVersion: "1.25.1",
            crdsVersion: "1.25.1",
        });
    });

    it("have the newest one's CRDs, and the default one's samples", () => {
        const both = { default: "1.25.3", "1-26-0": "1.26.0" };
        const settings = load(CANARY);
        expect(istioVersions(settings.istio)).toEqual({
            controlPlanes: both,
            defaultVersion: "1.25.3",
            crdsVersion: "1.26.0",
        });
        expect(settings.gatewayApi.version).toBe("v1.2.1");
        const promoted = load({ ...CANARY, "istio.defaultRevision": "1-26-0" });
        expect(istioVersions(promoted.istio)).toMatchObject({ controlPlanes: both, defaultVersion: "1.26.0" });
        expect([promoted.gatewayApi.version, promoted.bookinfo.tag]).toEqual(["v1.3.0", "1.20.3"]);
    });

    it("compare patches as numbers, and leave out the control plane without a revision where it goes", () => {
        const settings = load({
            "istio.revisions": { a: "1.25.2", b: "1.25.3" },
            "istio.defaultRevision": "a",
            "istio.onlyRevisions": true,
        });
        expect(istioVersions(settings.istio)).toEqual({
            controlPlanes: { a: "1.25.2", b: "1.25.3" },
            defaultVersion: "1.25.2",
            crdsVersion: "1.25.3",
        });
    });
});

describe("settings of revisions that do not go together", () => {
    const known = "allowed: 1-26-0. ";
    it.each([
        [
            { "istio.revisions": { default: "1.26.0" } },
            'istio.revisions has "default", which is Istio\'s name of the control plane without a revision',
        ],
        [
            { ...CANARY, "istio.defaultRevision": "1-27-0" },
            `istio.defaultRevision is "1-27-0", which is no revision; ${known}` +
                "Change it with: pulumi config rm --path istio.defaultRevision",
        ],
        [
            { "istio.defaultRevision": "1-26-0" },
            "which is no revision; allowed: none: istio-on-pulumi:istio.revisions is empty",
        ],
        [
            { ...CANARY, "istio.onlyRevisions": true },
            `no control plane would inject where no revision is named; ${known}` +
                "Set one with: pulumi config set --path istio.defaultRevision <revision>",
        ],
        [
            { ...CANARY, "bookinfo.revision": "1-27-0" },
            `bookinfo.revision is "1-27-0", which is no revision; ${known}` +
                "Change it with: pulumi config rm --path bookinfo.revision",
        ],
    ])("%j is refused", (values, sentence) => {
        expect(() => load(values)).toThrow(sentence);
    });
});
