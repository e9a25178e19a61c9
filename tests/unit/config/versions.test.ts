import { describe, expect, it } from "vitest";
import { DEFAULT_ISTIO, ISTIO_RELEASES, UserError } from "@istio-on-pulumi/kube";
import { loadSettings } from "../../../config";
import { configurationOf } from "../../support/settings";

/** The versions that a stack with these settings installs. */
function load(values: Readonly<Record<string, string>> = {}) {
    const { gatewayApi, istio, bookinfo } = loadSettings(configurationOf(values), "istio-on-pulumi");
    return { version: istio.version, tag: istio.tag, gatewayApi: gatewayApi.version, bookinfo: bookinfo.tag };
}

describe("the versions of loadSettings", () => {
    const LOCKED = Object.entries(ISTIO_RELEASES);

    it.each(LOCKED)("lets all that is of a release follow istio.version %s", (version, { gatewayApi, bookinfo }) => {
        expect(load({ "istio.version": version })).toEqual({ version, tag: version, gatewayApi, bookinfo });
    });

    it("takes what is set of them, and what is left empty for not set", () => {
        const set = { "istio.tag": "1.25.9-distroless", "bookinfo.tag": "2.0.0", "gatewayApi.version": "v1.2.1" };
        expect(load(set)).toEqual({
            version: DEFAULT_ISTIO,
            tag: "1.25.9-distroless",
            gatewayApi: "v1.2.1",
            bookinfo: "2.0.0",
        });
        expect(load({ "istio.tag": "", "bookinfo.tag": "", "gatewayApi.version": "" })).toEqual(load());
    });

    it("names the locked versions, and how another one is locked", () => {
        expect(() => load({ "istio.version": "1.24.0" })).toThrow(
            `istio-on-pulumi:istio.version is "1.24.0"; allowed: ${LOCKED.map(([version]) => version).join(", ")}, ` +
                'and what "npm run lock -- add <version>" adds',
        );
    });

    it("refuses images that the charts are not made for, and takes a tag that names no version", () => {
        expect(() => load({ "istio.tag": "1.24.3" })).toThrow(
            new UserError(
                'istio-on-pulumi:istio.tag is "1.24.3" while istio-on-pulumi:istio.version is "1.25.1", whose charts ' +
                    "are not made for it; allowed with it: a tag of 1.25, or empty. " +
                    "Change it with: pulumi config rm --path istio.tag",
            ),
        );
        expect(load({ "istio.tag": "hardened" })).toMatchObject({ tag: "hardened" });
    });
});
