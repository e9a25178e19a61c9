import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { stackMarks } from "../../../stack";
import { transformChild } from "../../support/callbacks";
import { Recording } from "../../support/mocks";

async function marked(type: string, props: object = {}) {
    const recording = await Recording.start();
    pulumi.runtime.registerResourceTransform(stackMarks("stack0a1b2c3d", new k8s.Provider("given", {})));
    await recording.settled();
    return transformChild(recording.stackTransforms, { type, name: "x", props });
}

const MANAGER = { "pulumi.com/patchFieldManager": "istio-on-pulumi" };

describe("stackMarks", () => {
    it("marks an object as the stack's, under one field manager, and keeps its provider", async () => {
        const props = { metadata: { name: "x", labels: { app: "x" }, annotations: { a: "b" } }, spec: { replicas: 2 } };
        expect(await marked("kubernetes:apps/v1:Deployment", props)).toEqual({
            props: {
                metadata: {
                    name: "x",
                    labels: { app: "x", "istio-on-pulumi/stack": "stack0a1b2c3d" },
                    annotations: { a: "b", ...MANAGER },
                },
                spec: { replicas: 2 },
            },
            provider: "given",
        });
    });

    it("marks custom resources too", async () => {
        const { props } = await marked("kubernetes:gateway.networking.k8s.io/v1:Gateway", { metadata: { name: "x" } });
        expect(props).toMatchObject({ metadata: { labels: { "istio-on-pulumi/stack": "stack0a1b2c3d" } } });
    });

    it("says of a namespace that is only used who uses it", async () => {
        const { props } = await marked("kubernetes:core/v1:NamespacePatch", { metadata: { name: "x" } });
        expect(props).toEqual({
            metadata: { name: "x", labels: { "istio-on-pulumi/used-by": "stack0a1b2c3d" }, annotations: MANAGER },
        });
    });

    it("leaves what is only patched its owner's", async () => {
        const { props } = await marked("kubernetes:core/v1:ServicePatch", { metadata: { name: "x" } });
        expect(props).toEqual({ metadata: { name: "x", annotations: MANAGER } });
    });

    it.each(["kubernetes:helm.sh/v3:Release", "kubernetes:helm.sh/v4:Chart", "command:local:Command"])(
        "leaves a %s as it is",
        async (type) => {
            expect(await marked(type, { name: "x" })).toEqual({ props: { name: "x" } });
        },
    );
});
