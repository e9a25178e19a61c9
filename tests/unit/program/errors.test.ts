import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { UserError } from "@istio-on-pulumi/kube";
import { NODES, STORAGE_CLASSES, storageClasses, VERSION } from "@istio-on-pulumi/kube/testing";
import { withPlainErrors } from "../../../errors";
import { type RunOptions, tryProgram } from "../../support/program";

const failureOf = (run: Promise<unknown>) =>
    run.then(
        () => undefined,
        (error: unknown) => error,
    );

describe("withPlainErrors", () => {
    it("hands on what the program returns", async () => {
        expect(await withPlainErrors(() => Promise.resolve({ a: 1 }))).toEqual({ a: 1 });
    });

    it.each([
        ["UserError", new UserError("one sentence")],
        ["UserError", new UserError("one sentence")],
        ["UserError", new UserError("one sentence")],
        ["RunError", new pulumi.RunError("one sentence")],
    ])("shows of a %s its sentence alone", async (_, error) => {
        const failure = await failureOf(withPlainErrors(() => Promise.reject(error)));
        expect(pulumi.RunError.isInstance(failure)).toBe(true);
        expect((failure as Error).message).toBe("one sentence");
        expect((failure as Error).stack).toBeUndefined();
    });

    it("leaves a bug as it is, with its stack trace", async () => {
        const bug = new TypeError("x is undefined");
        const failure = await failureOf(withPlainErrors(() => Promise.reject(bug)));
        expect(failure).toBe(bug);
        expect(pulumi.RunError.isInstance(failure)).toBe(false);
    });
});

describe("the program fails in plain words, and before it touches the cluster,", () => {
    const kiali = "istio-1.25.1/samples/addons/kiali.yaml";
    const lost = new UserError("the bundle lacks a file");

    it.each<[string, Record<string, string>, RunOptions, RegExp]>([
        [
            "on settings that are not allowed",
            { "addons.loki.enabled": "yes", "cluster.nodeHosts": "x" },
            {},
            new RegExp(
                "^istio-on-pulumi:cluster.nodeHosts is no setting .*\\n" +
                    'istio-on-pulumi:addons.loki.enabled is "yes"; allowed: true or false\\. ' +
                    "Change it with: pulumi config set --path addons.loki.enabled <value>$",
            ),
        ],
        [
            "on a context that does not exist",
            { "cluster.context": "gone" },
            {},
            new RegExp(
                '^The kubeconfig .* has no context "gone"; allowed: prod\\. ' +
                    "Choose one with: pulumi config set --path cluster.context <name>$",
            ),
        ],
        [
            "on a cluster that refuses the user",
            {},
            { replies: { [VERSION]: { status: 401 } } },
            /^The cluster of context "prod" .* refuses this user \(HTTP 401 to GET \/version: it failed with 401\); /,
        ],
        [
            "on a cluster that fails",
            {},
            { replies: { [VERSION]: { status: 500 } } },
            /^The cluster of context "prod" .* fails \(HTTP 500 to GET \/version: it failed with 500\); /,
        ],
        [
            "without a StorageClass for Loki",
            {},
            { replies: { [STORAGE_CLASSES]: storageClasses({}) } },
            /has no default StorageClass for the volume that Loki needs \(it has none at all\); /,
        ],
        [
            "without the StorageClass that is configured for Loki",
            { "addons.loki.storageClass": "fast" },
            {},
            /has no StorageClass "fast" for the volume that Loki needs \(allowed: standard\); /,
        ],
        [
            "without an address of a node",
            {},
            { replies: { [NODES]: { status: 403 } } },
            /; name a host with: pulumi config set --path cluster.nodeHost <host>$/,
        ],
        [
            "without CRDs where they are left to the cluster",
            { "gatewayApi.install": "never" },
            {},
            /^The Gateway API CRDs are never to be installed, and the cluster does not serve /,
        ],
        ["without a chart", {}, { missing: { istiod: lost } }, /^the bundle lacks a file$/],
        ["without an addon's manifest", {}, { missing: { [kiali]: lost } }, /^the bundle lacks a file$/],
    ])("%s", async (_, settings, options, message) => {
        const { failure, recording } = await tryProgram(settings, options);
        expect(pulumi.RunError.isInstance(failure)).toBe(true);
        expect((failure as Error).message).toMatch(message);
        expect(recording.objects).toEqual([]);
    });
});
