import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readRelease } from "../../../upstream/release";
import { failureOf, tempDir, writeTree } from "./fixture";

/** What is read of a release's module. */
const MODULE: Readonly<Record<string, string>> = {
    VERSION: "1.99\n",
    "go.mod":
        "module istio.io/istio\n\nrequire (\n\tistio.io/client-go v1.99.0\n\tk8s.io/client-go v0.77.3\n" +
        "\tsigs.k8s.io/gateway-api v1.8.0-rc.1.0.20250404104637-92efbedcc2b4\n)\n",
    "istioctl/pkg/install/k8sversion/version.go":
        "const (\n\tMinK8SVersion               = 71\n\tUnSupported = `x`\n)\n",
    "samples/bookinfo/platform/kube/bookinfo.yaml": "image: docker.io/istio/examples-bookinfo-details-v1:1.50.0\n",
};

/** A go command whose proxy has that module under one revision. */
function goWith(tree: Readonly<Record<string, string>>) {
    const dir = tempDir();
    writeTree(dir, tree);
    const goCommand = join(dir, "go");
    const answer = {
        Path: "istio.io/istio",
        Version: "v0.0.0-1-abc",
        Dir: dir,
        Sum: "h1:zip=",
        GoModSum: "h1:mod=",
    };
    const script = `#!${process.execPath}
        if (!/@(1\\.99\\.2|v0\\.0\\.0-1-abc)$/.test(process.argv.at(-1))) {
            console.error("go: not there\\n\\tserver response: This module version is not available.");
            process.exit(1);
        }
        console.log(${JSON.stringify(JSON.stringify(answer))});`;
    writeFileSync(goCommand, script, { mode: 0o755 });
    return { goCommand };
}

describe("readRelease", { timeout: 30_000 }, () => {
    const RELEASE = {
        module: "v0.0.0-1-abc",
        gatewayApi: "v1.8.0",
        bookinfo: "1.50.0",
        kubernetes: ["1.71", "1.77"],
    };

    it.each(["1.99.2", "v0.0.0-1-abc"])("reads all from the module of %s", async (revision) => {
        expect(await readRelease("1.99.2", revision, goWith(MODULE))).toEqual(RELEASE);
    });

    it("says how the module is named where the proxy does not know the tag", async () => {
        expect(await failureOf(readRelease("1.99.3", "1.99.3", goWith(MODULE)))).toBe(
            "UserError: Go cannot tell the module version of istio.io/istio@1.99.3 (server response: This module version " +
                "is not available): name the commit of the release's tag, or its module version, with " +
                '"npm run lock -- add 1.99.3 --module <revision>".',
        );
    });

    it("takes no module of another minor version", async () => {
        expect(await failureOf(readRelease("1.98.2", "1.99.2", goWith(MODULE)))).toBe(
            "UserError: istio.io/istio@v0.0.0-1-abc is of Istio 1.99, not 1.98.2: name another revision.",
        );
    });

    it.each(["latest", "1.99", "v1.99.2"])("takes no %s for a release", async (version) => {
        expect(await failureOf(readRelease(version, version, goWith(MODULE)))).toBe(
            `UserError: "${version}" is no release of Istio: name one such as 1.25.3.`,
        );
    });

    it.each(Object.keys(MODULE).filter((file) => file !== "VERSION"))(
        "names %s where it does not say",
        async (file) => {
            expect(await failureOf(readRelease("1.99.2", "1.99.2", goWith({ ...MODULE, [file]: "" })))).toContain(
                `UserError: ${file} of istio.io/istio@v0.0.0-1-abc does not say `,
            );
        },
    );
});
