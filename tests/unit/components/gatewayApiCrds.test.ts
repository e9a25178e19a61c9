import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { UserError } from "@istio-on-pulumi/kube";
import { crdPath, kubeconfigText, serveApi } from "@istio-on-pulumi/kube/testing";
import { GatewayApiCrds, type GatewayApiCrdsArgs } from "../../../components";
import { BUNDLE_VERSION, installedCrd } from "../../support/manifests";
import { Recording, valueOf } from "../../support/mocks";
import { serveUpstream } from "../../support/upstream";

const CRD = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition";
const PLURALS = ["gatewayclasses", "gateways", "grpcroutes", "httproutes", "referencegrants"];
const crdOf = (plural: string) => crdPath(full(plural));
const full = (plural: string) => `${plural}.gateway.networking.k8s.io`;
const ours = (plural: string) => installedCrd(plural, { isOwn: true });
const foreign = (plural: string) =>
    installedCrd(plural, { annotations: { "gateway.networking.k8s.io/bundle-version": "v1.0.0" } });

async function deploy(args: GatewayApiCrdsArgs = {}) {
    serveUpstream();
    const recording = await Recording.start();
    const provider = new k8s.Provider("given", {});
    const crds = new GatewayApiCrds("gateway-api", { installed: [], ...args }, { provider });
    await recording.settled();
    return { recording, crds };
}

describe("GatewayApiCrds", () => {
    it("refuses a version that is not locked", () => {
        expect(() => new GatewayApiCrds("gateway-api", { version: "v0.8.0" })).toThrow(
            /^Gateway API v0\.8\.0 is not locked: use v1\.2\.1.*, or lock the Istio that goes with it/,
        );
    });

    it("installs each as its manifest has it", async () => {
        const { recording } = await deploy();
        expect(recording.objects).toEqual(PLURALS.map((plural) => `${CRD}::gateway-api-${full(plural)}`));
        expect(recording.one(CRD, `gateway-api-${full("httproutes")}`).inputs).toEqual({
            apiVersion: "apiextensions.k8s.io/v1",
            kind: "CustomResourceDefinition",
            metadata: {
                name: full("httproutes"),
                annotations: {
                    "gateway.networking.k8s.io/bundle-version": BUNDLE_VERSION,
                    "gateway.networking.k8s.io/channel": "standard",
                    "pulumi.com/patchForce": "true",
                },
                labels: { "istio-on-pulumi/stack": "istio-on-pulumi.test" },
            },
            spec: {
                group: "gateway.networking.k8s.io",
                names: { kind: "httproute", plural: "httproutes" },
                scope: "Namespaced",
                versions: [
                    { name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } },
                ],
            },
        });
    });

    it("keeps each on delete, and is its parent", async () => {
        const { recording, crds } = await deploy();
        const expected = {
            retainOnDelete: true,
            provider: "given",
            parent: "istio-on-pulumi:index:GatewayApiCrds::gateway-api",
        };
        for (const crd of recording.ofType(CRD)) {
            expect(crd).toMatchObject(expected);
        }
        expect(await valueOf(crds.managed)).toEqual(PLURALS.map(full));
    });

    it("registers nothing where the cluster keeps its own, and tells their version", async () => {
        const { recording, crds } = await deploy({ installed: PLURALS.map(foreign) });
        expect(recording.objects).toEqual([]);
        expect(await valueOf(crds.managed)).toEqual([]);
        expect(await valueOf(crds.version)).toBe("v1.0.0");
    });

    it("registers only those that stay its own", async () => {
        const { recording } = await deploy({
            installed: [foreign("gatewayclasses"), foreign("gateways"), ours("httproutes")],
        });
        expect(recording.objects).toEqual([`${CRD}::gateway-api-${full("httproutes")}`]);
    });

    it.each([
        ["none", []],
        [
            "an older version of its own",
            [
                installedCrd("gateways", {
                    annotations: { "gateway.networking.k8s.io/bundle-version": "v1.0.0" },
                    isOwn: true,
                }),
            ],
        ],
    ])("tells the version that it installs where the cluster holds %s", async (_, installed) => {
        expect(await valueOf((await deploy({ installed })).crds.version)).toBe(BUNDLE_VERSION);
    });

    it("tells no version where foreign CRDs do not", async () => {
        const { crds } = await deploy({ installed: PLURALS.map((plural) => installedCrd(plural)) });
        expect(await valueOf(crds.version)).toBe("unknown");
    });

    it("fails before it registers a CRD where the cluster's own are not enough", async () => {
        const recording = await Recording.start();
        expect(() => new GatewayApiCrds("gateway-api", { install: "never", installed: [] })).toThrow(UserError);
        await recording.settled();
        expect(recording.objects).toEqual([]);
    });

    it.each([
        [
            "asks the cluster in a preview, whether its context is given or not",
            (url: string) => url,
            PLURALS.map(crdOf),
        ],
        ["asks nobody in a preview that does not know the cluster yet", () => pulumi.unknown as unknown as string, []],
    ])("%s", async (_, serverOf, asked) => {
        serveUpstream();
        const recording = await Recording.start({ preview: true });
        const api = await serveApi();
        const kubeconfig = pulumi.output(serverOf(api.url)).apply((url) => kubeconfigText({ own: url }));
        new GatewayApiCrds("gateway-api", {}, { provider: new k8s.Provider("given", { kubeconfig }) });
        await recording.settled();
        expect(api.asked.sort()).toEqual(asked);
    });
});
