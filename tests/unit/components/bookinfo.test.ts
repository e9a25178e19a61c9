import * as k8s from "@pulumi/kubernetes";
import { describe, expect, it } from "vitest";
import { Bookinfo, type BookinfoArgs } from "../../../components";
import { Recording, valueOf } from "../../support/mocks";

const COMPONENT = "istio-on-pulumi:index:Bookinfo::bookinfo";
const DEPLOYMENT = "kubernetes:apps/v1:Deployment";
const SERVICE = "kubernetes:core/v1:Service";
const ACCOUNT = "kubernetes:core/v1:ServiceAccount";
const NAMESPACE = "kubernetes:core/v1:Namespace";
const POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy";

async function deploy(args: Partial<BookinfoArgs> = {}) {
    const recording = await Recording.start();
    const provider = new k8s.Provider("test", {});
    const bookinfo = new Bookinfo("bookinfo", { namespace: "sample", ...args }, { provider });
    await recording.settled();
    return { recording, bookinfo };
}

describe("Bookinfo", () => {
    it("is one namespace, four services, four service accounts and six deployments, and nothing else", async () => {
        const { recording } = await deploy();
        expect(recording.objects).toEqual([
            `${DEPLOYMENT}::bookinfo-details-v1`,
            `${DEPLOYMENT}::bookinfo-productpage-v1`,
            `${DEPLOYMENT}::bookinfo-ratings-v1`,
            `${DEPLOYMENT}::bookinfo-reviews-v1`,
            `${DEPLOYMENT}::bookinfo-reviews-v2`,
            `${DEPLOYMENT}::bookinfo-reviews-v3`,
            `${NAMESPACE}::bookinfo-namespace`,
            `${SERVICE}::bookinfo-details`,
            `${SERVICE}::bookinfo-productpage`,
            `${SERVICE}::bookinfo-ratings`,
            `${SERVICE}::bookinfo-reviews`,
            `${ACCOUNT}::bookinfo-bookinfo-details`,
            `${ACCOUNT}::bookinfo-bookinfo-productpage`,
            `${ACCOUNT}::bookinfo-bookinfo-ratings`,
            `${ACCOUNT}::bookinfo-bookinfo-reviews`,
        ]);
    });

    it("makes every object its own child, none of them retained on delete", async () => {
        const { recording } = await deploy();
        const children = recording.registrations.filter(({ kind }) => kind === "custom").slice(1);
        expect(children.map(({ parent }) => parent)).toEqual(Array(15).fill(COMPONENT));
        expect(children.filter(({ retainOnDelete }) => retainOnDelete)).toEqual([]);
    });

    it("labels the namespace for injection", async () => {
        const { recording } = await deploy();
        expect(recording.one(NAMESPACE, "bookinfo-namespace").inputs).toEqual({
            apiVersion: "v1",
            kind: "Namespace",
            metadata: { name: "sample", labels: { "istio-injection": "enabled" } },
        });
    });

    it.each(["details", "ratings", "reviews", "productpage"])(
        "has the Service and the ServiceAccount of %s, the Service not awaited",
        async (service) => {
            const { recording } = await deploy();
            expect(recording.one(SERVICE, `bookinfo-${service}`).inputs).toEqual({
                apiVersion: "v1",
                kind: "Service",
                metadata: {
                    name: service,
                    namespace: "sample",
                    labels: { app: service, service },
                    annotations: { "pulumi.com/skipAwait": "true" },
                },
                spec: { ports: [{ name: "http", port: 9080 }], selector: { app: service } },
            });
            expect(recording.one(ACCOUNT, `bookinfo-bookinfo-${service}`).inputs).toEqual({
                apiVersion: "v1",
                kind: "ServiceAccount",
                metadata: { name: `bookinfo-${service}`, namespace: "sample", labels: { account: service } },
            });
        },
    );

    it.each([
        ["details", "v1"],
        ["ratings", "v1"],
    ])("runs %s-%s as a plain container", async (service, version) => {
        const { recording } = await deploy();
        expect(recording.one(DEPLOYMENT, `bookinfo-${service}-${version}`).inputs).toEqual(
            deployment(service, version),
        );
    });

    it.each(["v1", "v2", "v3"])(
        "gives reviews-%s a log directory and room for its unpacked application",
        async (version) => {
            const { recording } = await deploy();
            const container = {
                env: [{ name: "LOG_DIR", value: "/tmp/logs" }],
                volumeMounts: [
                    { name: "tmp", mountPath: "/tmp" },
                    { name: "wlp-output", mountPath: "/opt/ibm/wlp/output" },
                ],
            };
            const volumes = [
                { name: "wlp-output", emptyDir: {} },
                { name: "tmp", emptyDir: {} },
            ];
            expect(recording.one(DEPLOYMENT, `bookinfo-reviews-${version}`).inputs).toEqual(
                deployment("reviews", version, container, { volumes }),
            );
        },
    );

    it("lets Prometheus scrape productpage, which writes to /tmp", async () => {
        const { recording } = await deploy();
        const expected = deployment(
            "productpage",
            "v1",
            { volumeMounts: [{ name: "tmp", mountPath: "/tmp" }] },
            { volumes: [{ name: "tmp", emptyDir: {} }] },
        );
        Object.assign(expected.spec.template.metadata, {
            annotations: {
                "prometheus.io/scrape": "true",
                "prometheus.io/port": "9080",
                "prometheus.io/path": "/metrics",
            },
        });
        expect(recording.one(DEPLOYMENT, "bookinfo-productpage-v1").inputs).toEqual(expected);
    });

    it("creates the namespace before what lives in it, and each account before its pods", async () => {
        const { recording } = await deploy();
        expect(recording.one(SERVICE, "bookinfo-reviews").dependencies).toEqual([`${NAMESPACE}::bookinfo-namespace`]);
        expect(recording.one(ACCOUNT, "bookinfo-bookinfo-reviews").dependencies).toEqual([
            `${NAMESPACE}::bookinfo-namespace`,
        ]);
        expect(recording.one(DEPLOYMENT, "bookinfo-reviews-v2").dependencies).toEqual([
            `${NAMESPACE}::bookinfo-namespace`,
            `${ACCOUNT}::bookinfo-bookinfo-reviews`,
        ]);
    });

    it("takes each image from the longest mirror that it has", async () => {
        const imageMirrors = {
            "docker.io": "mirror.local/hub",
            "docker.io/istio/examples-bookinfo-details-v1": "own/d",
        };
        const { recording } = await deploy({ imageMirrors });
        const image = (name: string) =>
            recording.one(DEPLOYMENT, `bookinfo-${name}`).inputs.spec.template.spec.containers[0].image;
        expect(image("details-v1")).toBe("own/d:1.20.2");
        expect(image("ratings-v1")).toBe("mirror.local/hub/istio/examples-bookinfo-ratings-v1:1.20.2");
    });

    it("takes its images and their tag from the arguments", async () => {
        const { recording } = await deploy({ images: "registry.local:5000/bookinfo", tag: "2.0.0" });
        const images = recording.ofType(DEPLOYMENT).map(({ inputs }) => inputs.spec.template.spec.containers[0].image);
        expect(images.sort()).toEqual(
            ["details-v1", "productpage-v1", "ratings-v1", "reviews-v1", "reviews-v2", "reviews-v3"].map(
                (name) => `registry.local:5000/bookinfo-${name}:2.0.0`,
            ),
        );
    });

    it("lives in the namespace of the arguments alone", async () => {
        const { recording, bookinfo } = await deploy({ namespace: "other" });
        const namespaced = recording.registrations.filter(({ type }) => [DEPLOYMENT, SERVICE, ACCOUNT].includes(type));
        expect(namespaced.map(({ inputs }) => inputs.metadata.namespace)).toEqual(Array(14).fill("other"));
        expect(await valueOf(bookinfo.namespace)).toBe("other");
    });

    it("hands out its deployments, and where it is called", async () => {
        const { bookinfo } = await deploy();
        expect(await Promise.all(bookinfo.deployments.map(({ id }) => valueOf(id)))).toEqual(
            ["details-v1", "ratings-v1", "reviews-v1", "reviews-v2", "reviews-v3", "productpage-v1"].map(
                (name) => `sample/${name}`,
            ),
        );
        expect(await valueOf(bookinfo.productpage)).toBe("productpage.sample.svc:9080");
    });

    it("tells a gateway productpage's paths, and no others, and its port", async () => {
        const { bookinfo } = await deploy();
        expect(bookinfo.route).toEqual({
            name: "bookinfo",
            service: "productpage",
            port: 9080,
            paths: [
                { type: "Exact", value: "/productpage" },
                { type: "PathPrefix", value: "/static" },
                { type: "Exact", value: "/login" },
                { type: "Exact", value: "/logout" },
                { type: "PathPrefix", value: "/api/v1/products" },
            ],
        });
    });
});

describe("Bookinfo's NetworkPolicies", () => {
    type Rules = Record<string, { from: unknown; to: unknown; ports: unknown }[]>;
    const policies = async (networkPolicies: BookinfoArgs["networkPolicies"]) => {
        const { recording } = await deploy({ networkPolicies });
        return new Map(recording.ofType(POLICY).map(({ inputs }) => [inputs.metadata.name, inputs]));
    };
    const rulesOf = async (service: string, args: BookinfoArgs["networkPolicies"]) => {
        const { ingress, egress } = (await policies(args)).get(service)!.spec as unknown as Rules;
        return { ingress: ingress!, egress: egress! };
    };
    const pods = (app: string) => ({ podSelector: { matchLabels: { app } } });
    const namespace = (name: string) => ({
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
    });
    const tcp = (...ports: number[]) => ports.map((port) => ({ protocol: "TCP", port }));
    const needed = [
        { to: [namespace("istio-system")], ports: tcp(15012, 4317) },
        { ports: [{ protocol: "UDP", port: 53 }, ...tcp(53)] },
    ];

    it("are one for each service, about its pods alone", async () => {
        const found = await policies({ gateway: "entrance" });
        expect([...found.keys()].sort()).toEqual(["details", "productpage", "ratings", "reviews"]);
        for (const [service, { metadata, spec }] of found) {
            expect(metadata.namespace).toBe("sample");
            expect(spec.podSelector).toEqual({ matchLabels: { app: service } });
            expect(spec.policyTypes).toEqual(["Ingress", "Egress"]);
        }
    });

    it.each([
        ["details", "productpage", []],
        ["reviews", "productpage", ["ratings"]],
        ["ratings", "reviews", []],
    ])("let %s be asked by %s and by who reads metrics", async (service, caller, called) => {
        const { ingress, egress } = await rulesOf(service, { gateway: "entrance" });
        expect(ingress).toEqual([
            { from: [pods(caller)], ports: tcp(9080) },
            { from: [namespace("istio-system")], ports: tcp(15020) },
        ]);
        expect(egress).toEqual([...(called.length > 0 ? [{ to: called.map(pods), ports: tcp(9080) }] : []), ...needed]);
    });

    it("let productpage be asked by the pods of the gateway, in its namespace", async () => {
        const asked = async (args: BookinfoArgs["networkPolicies"]) =>
            (await rulesOf("productpage", args)).ingress[0]!.from;
        const gateway = { podSelector: { matchLabels: { "gateway.networking.k8s.io/gateway-name": "entrance" } } };
        expect(await asked({ gateway: "entrance" })).toEqual([gateway]);
        expect(await asked({ gateway: "entrance", gatewayNamespace: "ingress" })).toEqual([
            { ...gateway, ...namespace("ingress") },
        ]);
        const { egress } = await rulesOf("productpage", { gateway: "entrance" });
        expect(egress[0]).toEqual({ to: [pods("details"), pods("reviews")], ports: tcp(9080) });
    });
});

function deployment(service: string, version: string, container: object = {}, pod: object = {}) {
    const labels = { app: service, version };
    return {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: `${service}-${version}`, namespace: "sample", labels },
        spec: {
            selector: { matchLabels: labels },
            template: {
                metadata: { labels },
                spec: {
                    serviceAccountName: `bookinfo-${service}`,
                    containers: [
                        {
                            name: service,
                            image: `docker.io/istio/examples-bookinfo-${service}-${version}:1.20.2`,
                            imagePullPolicy: "IfNotPresent",
                            // All that Pod Security's level restricted asks of a container.
                            securityContext: {
                                allowPrivilegeEscalation: false,
                                capabilities: { drop: ["ALL"] },
                                runAsNonRoot: true,
                                seccompProfile: { type: "RuntimeDefault" },
                            },
                            ports: [{ containerPort: 9080 }],
                            ...container,
                        },
                    ],
                    ...pod,
                },
            },
        },
    };
}
