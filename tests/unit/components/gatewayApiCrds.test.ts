import * as k8s from "@pulumi/kubernetes";
import { describe, expect, it } from "vitest";
import { GATEWAY_API_CRDS, UserError } from "@istio-on-pulumi/kube";
import { GatewayApiCrds, type GatewayApiCrdsArgs } from "../../../components";
import { managedCrds } from "../../../components/gatewayApiCrds";
import { BUNDLE_VERSION, crdManifest, installedCrd } from "../../support/manifests";
import { Recording } from "../../support/mocks";

const CRD = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition";
const PLURALS = ["gatewayclasses", "gateways", "grpcroutes", "httproutes", "referencegrants"];
/** Without these no gateway can be made. */
const NEEDED = ["gatewayclasses", "gateways", "httproutes"];
const full = (plural: string) => `${plural}.gateway.networking.k8s.io`;
const ours = (plural: string) => installedCrd(plural, { isOwn: true });
const foreign = (plural: string) =>
    installedCrd(plural, { annotations: { "gateway.networking.k8s.io/bundle-version": "v1.0.0" } });

describe("managedCrds", () => {
    it.each([
        ["a cluster that holds none", []],
        ["those it installed itself", PLURALS.map(ours)],
        ["those of an interrupted run and the missing ones", [ours("gateways")]],
    ])("auto manages %s", (_, installed) => {
        expect(managedCrds("auto", installed)).toEqual(PLURALS.map(full));
    });

    it.each([
        ["foreign ones", PLURALS.map(foreign), []],
        ["foreign ones, of which not all exist", NEEDED.map(foreign), []],
        [
            "foreign ones beside its own: these alone stay its own",
            [foreign("gatewayclasses"), foreign("gateways"), ours("httproutes"), ours("grpcroutes")],
            ["httproutes", "grpcroutes"].map(full),
        ],
    ])("auto leaves the cluster %s", (_, installed, managed) => {
        expect(managedCrds("auto", installed)).toEqual(managed);
    });

    it.each([
        ["none", []],
        ["foreign ones", PLURALS.map(foreign)],
        ["its own", PLURALS.map(ours)],
    ])("always manages all, also where the cluster holds %s", (_, installed) => {
        expect(managedCrds("always", installed)).toEqual(PLURALS.map(full));
    });

    it.each([
        ["foreign ones", PLURALS.map(foreign)],
        ["its own, which it then gives up", PLURALS.map(ours)],
        ["just those that are needed", NEEDED.map(foreign)],
    ])("never manages none where the cluster holds %s", (_, installed) => {
        expect(managedCrds("never", installed)).toEqual([]);
    });

    const tail = "install them there, or let this stack do it with: pulumi config set --path gatewayApi.install always";
    const auto = "The cluster holds Gateway API CRDs that this program did not install";
    it.each([
        [
            "never",
            [],
            `gatewayApi.install is never, and the cluster does not serve ${full("gatewayclasses")}, ${full("gateways")} ` +
                `and ${full("httproutes")} at version v1; ${tail}`,
        ],
        [
            "never",
            [foreign("gatewayclasses"), foreign("gateways")],
            `gatewayApi.install is never, and the cluster does not serve ${full("httproutes")} at version v1; ${tail}`,
        ],
        [
            "auto",
            [foreign("gatewayclasses"), foreign("httproutes")],
            `${auto}, and the cluster does not serve ${full("gateways")} at version v1; ${tail}`,
        ],
        [
            "auto",
            [foreign("gatewayclasses"), foreign("httproutes"), installedCrd("gateways", { served: ["v1beta1"] })],
            `${auto}, and the cluster does not serve ${full("gateways")} at version v1; ${tail}`,
        ],
    ] as const)("%s says what a cluster with %j lacks", (install, installed, message) => {
        expect(() => managedCrds(install, installed)).toThrow(new UserError(message));
    });
});

async function deploy(args: Partial<GatewayApiCrdsArgs> = {}) {
    const recording = await Recording.start();
    const provider = new k8s.Provider("given", {});
    const crds = new GatewayApiCrds("gateway-api", {
        install: "auto",
        manifests: PLURALS.map((plural) => crdManifest(full(plural))),
        installed: [],
        provider,
        ...args,
    });
    await recording.settled();
    return { recording, crds };
}

describe("GatewayApiCrds", () => {
    it("names the five CRDs of the standard channel", () => {
        expect(GATEWAY_API_CRDS).toEqual(PLURALS.map(full));
    });

    it("installs each as its manifest has it", async () => {
        const { recording } = await deploy();
        expect(recording.objects).toEqual(PLURALS.map((plural) => `${CRD}::${full(plural)}`));
        expect(recording.one(CRD, full("httproutes")).inputs).toEqual({
            apiVersion: "apiextensions.k8s.io/v1",
            kind: "CustomResourceDefinition",
            metadata: {
                name: full("httproutes"),
                annotations: {
                    "gateway.networking.k8s.io/bundle-version": BUNDLE_VERSION,
                    "gateway.networking.k8s.io/channel": "standard",
                },
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
        expect(crds.crds).toHaveLength(5);
    });

    it("registers nothing where the cluster keeps its own, and tells their version", async () => {
        const { recording, crds } = await deploy({ installed: PLURALS.map(foreign) });
        expect(recording.objects).toEqual([]);
        expect(crds.crds).toEqual([]);
        expect(crds.version).toBe("v1.0.0");
    });

    it("registers only those that stay its own", async () => {
        const { recording } = await deploy({
            installed: [foreign("gatewayclasses"), foreign("gateways"), ours("httproutes")],
        });
        expect(recording.objects).toEqual([`${CRD}::${full("httproutes")}`]);
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
        expect((await deploy({ installed })).crds.version).toBe(BUNDLE_VERSION);
    });

    it("tells no version where foreign CRDs do not", async () => {
        const { crds } = await deploy({ installed: PLURALS.map((plural) => installedCrd(plural)) });
        expect(crds.version).toBe("unknown");
    });

    it("fails before it registers a CRD where the cluster's own are not enough", async () => {
        const recording = await Recording.start();
        const args = {
            install: "never" as const,
            manifests: [],
            installed: [],
            provider: new k8s.Provider("given", {}),
        };
        expect(() => new GatewayApiCrds("gateway-api", args)).toThrow(UserError);
        await recording.settled();
        expect(recording.objects).toEqual([]);
    });
});
