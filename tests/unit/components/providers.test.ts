import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { type ClusterClient, GATEWAY_API_CRDS } from "@istio-on-pulumi/kube";
import {
    Addons,
    Bookinfo,
    BookinfoGateway,
    GatewayApiCrds,
    IstioControlPlane,
    StrictMtls,
    Tracing,
} from "../../../components";
import { ADDON_MANIFESTS, crdManifest } from "../../support/manifests";
import { Recording, type Registration, withoutProvider } from "../../support/mocks";

type Build = (provider: k8s.Provider, opts?: pulumi.ComponentResourceOptions) => pulumi.ComponentResource;

/** Each component with everything that it can register, and how many objects that is. */
const COMPONENTS: readonly [name: string, objects: number, build: Build][] = [
    [
        "GatewayApiCrds",
        5,
        (provider, opts) =>
            new GatewayApiCrds(
                "c",
                { install: "always", manifests: GATEWAY_API_CRDS.map(crdManifest), installed: [], provider },
                opts,
            ),
    ],
    [
        "IstioControlPlane",
        3,
        (provider, opts) =>
            new IstioControlPlane(
                "c",
                {
                    charts: { base: "./b", istiod: "./i" },
                    version: "1",
                    hub: "h",
                    imageMirrors: {},
                    tag: "t",
                    existingNamespace: false,
                    crds: [],
                    managedCrds: [],
                    client: {} as ClusterClient,
                    provider,
                },
                opts,
            ),
    ],
    ["Tracing", 1, (provider, opts) => new Tracing("c", { provider }, opts)],
    ["StrictMtls", 1, (provider, opts) => new StrictMtls("c", { provider }, opts)],
    [
        "Bookinfo",
        15,
        (provider, opts) =>
            new Bookinfo(
                "c",
                { namespace: "n", existingNamespace: false, images: "i", imageMirrors: {}, tag: "t", provider },
                opts,
            ),
    ],
    [
        "BookinfoGateway",
        4,
        (provider, opts) =>
            new BookinfoGateway(
                "c",
                {
                    namespace: { bookinfo: "n" },
                    bookinfoNamespace: "n",
                    serviceType: "NodePort",
                    nodePort: 30080,
                    provider,
                },
                opts,
            ),
    ],
    [
        "Addons",
        16,
        (provider, opts) =>
            new Addons(
                "c",
                {
                    manifests: ADDON_MANIFESTS,
                    kiali: { serviceType: "NodePort", nodePort: 30001, access: "token" },
                    loki: { storage: { className: "c", size: "1Gi", bound: false } },
                    imageMirrors: {},
                    provider,
                },
                opts,
            ),
    ],
];

const providerOf = ({ kind, provider, providers }: Registration) =>
    kind === "remote" ? providers.kubernetes : provider;

describe.each(COMPONENTS)("%s", (name, objects, build) => {
    it("gives its provider to every one of its objects", async () => {
        const recording = await Recording.start();
        new k8s.Provider("other", {});
        build(new k8s.Provider("given", {}));
        await recording.settled();
        const reached = recording.registrations.filter(
            ({ kind, type }) => kind !== "component" && type.startsWith("kubernetes:"),
        );
        expect(reached.map(providerOf)).toEqual(Array(objects).fill("given"));
        expect(withoutProvider(recording.registrations)).toEqual([]);
    });

    it("keeps the parent and the dependencies that its user gives it", async () => {
        const recording = await Recording.start();
        const provider = new k8s.Provider("given", {});
        const parent = new pulumi.ComponentResource("istio-on-pulumi:index:Parent", "parent");
        const before = new k8s.core.v1.ConfigMap("before", {}, { provider });
        build(provider, { parent, dependsOn: [before] });
        await recording.settled();
        expect(recording.one(`istio-on-pulumi:index:${name}`, "c")).toMatchObject({
            parent: "istio-on-pulumi:index:Parent::parent",
            dependencies: ["kubernetes:core/v1:ConfigMap::before"],
        });
    });
});

describe("an object without a provider", () => {
    it.each([
        ["a custom resource", () => new k8s.core.v1.ConfigMap("x", {}), "kubernetes:core/v1:ConfigMap::x"],
        ["a remote component", () => new k8s.helm.v4.Chart("x", { chart: "./c" }), "kubernetes:helm.sh/v4:Chart::x"],
        ["an object that is only read", () => k8s.core.v1.Service.get("x", "n/x"), "kubernetes:core/v1:Service::x"],
    ])("would be noticed if it were %s", async (_, create, found) => {
        const recording = await Recording.start();
        create();
        await recording.settled();
        expect(withoutProvider(recording.registrations)).toEqual([found]);
    });
});
