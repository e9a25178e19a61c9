import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { beforeEach, describe, expect, it } from "vitest";
import {
    Addons,
    Bookinfo,
    GatewayApiCrds,
    IngressGateway,
    IstioControlPlane,
    MutualTls,
    Tracing,
} from "../../../components";
import { transformChild } from "../../support/callbacks";
import { type Answer, Recording, type Registration, withoutProvider } from "../../support/mocks";
import { serveUpstream } from "../../support/upstream";

type Build = (name: string, opts: pulumi.ComponentResourceOptions) => pulumi.ComponentResource;

/** Each component with everything that it can register, and how many objects that is. */
const COMPONENTS: readonly [component: string, objects: number, build: Build][] = [
    ["GatewayApiCrds", 5, (name, opts) => new GatewayApiCrds(name, { install: "always", installed: [] }, opts)],
    ["IstioControlPlane", 3, (name, opts) => new IstioControlPlane(name, {}, opts)],
    ["Tracing", 1, (name, opts) => new Tracing(name, {}, opts)],
    ["MutualTls", 1, (name, opts) => new MutualTls(name, {}, opts)],
    ["Bookinfo", 15, (name, opts) => new Bookinfo(name, {}, opts)],
    [
        "IngressGateway",
        4,
        (name, opts) => {
            const routes = [{ name: "r", service: "s", port: 80 }];
            return new IngressGateway(name, { namespace: "n", nodePort: 30080, routes }, opts);
        },
    ],
    ["Addons", 16, (name, opts) => new Addons(name, { kiali: { access: "token" } }, opts)],
];

const providerOf = ({ kind, provider, providers }: Registration) =>
    kind === "remote" ? providers.kubernetes : provider;

const reached = ({ registrations }: Recording) =>
    registrations.filter(({ kind, type }) => kind !== "component" && type.startsWith("kubernetes:"));

/** The Service that is only read is there. */
const ANSWERS: Readonly<Record<string, Answer>> = {
    "kubernetes:core/v1:Service": ({ kind, name }) =>
        kind === "read" ? { outputs: { metadata: { name, namespace: "n" }, spec: { ports: [] } } } : {},
};

describe.each(COMPONENTS)("%s", (component, objects, build) => {
    beforeEach(() => void serveUpstream());

    it.each([
        ["provider", (given: k8s.Provider) => ({ provider: given })],
        ["providers", (given: k8s.Provider) => ({ providers: { kubernetes: given } })],
        [
            "parent",
            (given: k8s.Provider) => ({
                parent: new pulumi.ComponentResource("istio-on-pulumi:index:Parent", "p", {}, { provider: given }),
            }),
        ],
    ])("gives every one of its objects the provider that comes by its option %s", async (_, opts) => {
        const recording = await Recording.start({ answers: ANSWERS });
        new k8s.Provider("other", {});
        build("c", opts(new k8s.Provider("given", {})));
        await recording.settled();
        expect(reached(recording).map(providerOf)).toEqual(Array(objects).fill("given"));
        expect(withoutProvider(recording.registrations)).toEqual([]);
    });

    it("lets the transforms of its user reach every one of its objects", async () => {
        const recording = await Recording.start({ answers: ANSWERS });
        const mark: pulumi.ResourceTransform = ({ props, opts }) => ({ props: { ...props, mine: true }, opts });
        build("c", { provider: new k8s.Provider("given", {}), transforms: [mark] });
        await recording.settled();
        // What is only read goes through none.
        const made = reached(recording).filter(({ kind }) => kind !== "read");
        expect(made.length).toBeGreaterThan(0);
        for (const { type, name, ...each } of made) {
            const child = { type, name, props: {} };
            const { props } = await transformChild(recording.transformsOf({ type, name, ...each }), child);
            expect(props, name).toMatchObject({ mine: true });
        }
    });

    it("keeps the parent and the dependencies that its user gives it", async () => {
        const recording = await Recording.start({ answers: ANSWERS });
        const provider = new k8s.Provider("given", {});
        const parent = new pulumi.ComponentResource("istio-on-pulumi:index:Parent", "parent");
        const before = new k8s.core.v1.ConfigMap("before", {}, { provider });
        build("c", { provider, parent, dependsOn: [before] });
        await recording.settled();
        expect(recording.one(`istio-on-pulumi:index:${component}`, "c")).toMatchObject({
            parent: "istio-on-pulumi:index:Parent::parent",
            dependencies: ["kubernetes:core/v1:ConfigMap::before"],
        });
    });

    it("is waited for with all of its children by what depends on it", async () => {
        const recording = await Recording.start({ answers: ANSWERS });
        const provider = new k8s.Provider("given", {});
        const dependsOn = [build("c", { provider })];
        new k8s.core.v1.ConfigMap("after", {}, { provider, dependsOn });
        await recording.settled();
        const children = recording.registrations.filter(({ parent }) => parent?.endsWith("::c"));
        expect(recording.one("kubernetes:core/v1:ConfigMap", "after").dependencies).toEqual(
            children.map(({ type, name }) => `${type}::${name}`).sort(),
        );
    });

    it("can be there twice, for two clusters: no name of a child is the other's", async () => {
        const recording = await Recording.start({ answers: ANSWERS });
        for (const name of ["a", "b"]) build(name, { provider: new k8s.Provider(`cluster-${name}`, {}) });
        await recording.settled();
        const urns = recording.registrations.map(({ type, name }) => `${type}::${name}`);
        expect(urns.filter((urn, index) => urns.indexOf(urn) !== index)).toEqual([]);
        expect(reached(recording).map((each) => [each.name.slice(0, 2), providerOf(each)])).toEqual(
            expect.arrayContaining([
                ["a-", "cluster-a"],
                ["b-", "cluster-b"],
            ]),
        );
        expect(reached(recording).filter((each) => !providerOf(each)!.endsWith(each.name[0]!))).toEqual([]);
    });

    it("keeps what it was given as the inputs of the component", async () => {
        const recording = await Recording.start({ answers: ANSWERS });
        const given = { provider: new k8s.Provider("given", {}) };
        build("c", given);
        await recording.settled();
        const { inputs } = recording.one(`istio-on-pulumi:index:${component}`, "c");
        expect(Object.keys(inputs)).toEqual(INPUTS[component] ?? []);
    });
});

describe("an object of a stack that was made before components named their children", () => {
    it("is known by its former name", async () => {
        serveUpstream();
        const recording = await Recording.start({ answers: ANSWERS });
        const opts = { provider: new k8s.Provider("given", {}) };
        for (const [component, , build] of COMPONENTS) build(component, opts);
        await recording.settled();
        const former = reached(recording).flatMap(({ type, formerNames }) =>
            formerNames.map((name) => `${type}::${name}`),
        );
        expect(former.sort()).toEqual(
            [
                ...["gatewayclasses", "gateways", "grpcroutes", "httproutes", "referencegrants"].map(
                    (plural) =>
                        `kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition::${plural}.gateway.networking.k8s.io`,
                ),
                "kubernetes:core/v1:Namespace::istio-system",
                "kubernetes:helm.sh/v3:Release::istio-base",
                "kubernetes:helm.sh/v4:Chart::istiod",
                "kubernetes:telemetry.istio.io/v1:Telemetry::mesh-default",
                "kubernetes:core/v1:Namespace::istio-sample",
                ...["details", "productpage", "ratings", "reviews"].flatMap((service) => [
                    `kubernetes:core/v1:Service::${service}`,
                    `kubernetes:core/v1:ServiceAccount::bookinfo-${service}`,
                ]),
                ...["details-v1", "productpage-v1", "ratings-v1", "reviews-v1", "reviews-v2", "reviews-v3"].map(
                    (name) => `kubernetes:apps/v1:Deployment::${name}`,
                ),
                "kubernetes:gateway.networking.k8s.io/v1:Gateway::IngressGateway",
                "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute::r",
                "kubernetes:core/v1:ConfigMap::kiali",
                "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole::kiali",
                ...["jaeger", "kiali", "prometheus"].map((name) => `kubernetes:apps/v1:Deployment::${name}`),
                "kubernetes:core/v1:ServiceAccount::prometheus",
                ...[
                    ...["grafana", "jaeger-collector", "kiali", "loki", "loki-headless", "prometheus"],
                    ...["tracing", "zipkin"],
                ].map((name) => `kubernetes:core/v1:Service::${name}`),
                "kubernetes:apps/v1:StatefulSet::loki",
                "kubernetes:core/v1:PersistentVolumeClaim::storage-loki-0",
            ].sort(),
        );
    });
});

/** The inputs of the components above; what only tells of the cluster is none. */
const INPUTS: Readonly<Record<string, string[]>> = {
    GatewayApiCrds: ["install"],
    IngressGateway: ["namespace", "nodePort", "routes"],
    Addons: ["kiali"],
};

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
