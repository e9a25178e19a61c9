import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { ISTIO_NAMESPACE } from "@istio-on-pulumi/kube";
import { Lab, TEST_LAB } from "../support/lab";
import { byKey, getAll, getOne, type KubeObject, snapshot } from "../support/lab-objects";
import { Stack } from "../support/lab-stack";
import { BOOKINFO_NAMESPACE } from "../support/lab-walkthrough";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);
const PROXY_IMAGE = "docker.io/istio/proxyv2:1.25.1";
const WORKLOADS = ["details-v1", "productpage-v1", "ratings-v1", "reviews-v1", "reviews-v2", "reviews-v3"];
const SERVICES = ["details", "productpage", "ratings", "reviews"];

/** Everything that the read-only assertions look at, asked for once. */
let istioSystem: Map<string, KubeObject>;
let bookinfo: Map<string, KubeObject>;
let pods: KubeObject[];

const inNamespace = async (namespace: string) =>
    byKey(await getAll(lab, "deployments,statefulsets,services,serviceaccounts,configmaps", "--namespace", namespace));
const isReady = (pod: KubeObject) => pod.status.containerStatuses.every((status: { ready: boolean }) => status.ready);
const portsOf = (service: KubeObject) =>
    service.spec.ports.map(({ name, port }: { name: string; port: number }) => [name, port]);

describe("on an empty cluster", () => {
    test("a preview succeeds and changes nothing", async () => {
        const before = new Set(
            (JSON.parse(readFileSync(inject("pristineFile"), "utf8")) as KubeObject[]).map(
                ({ metadata }) => metadata.uid,
            ),
        );
        const { create, ...others } = await stack.previewSummary();
        expect(create).toBeGreaterThan(50);
        expect(others).toEqual({});
        const added = [...(await snapshot(lab))]
            .filter(([, object]) => !before.has(object.metadata.uid))
            .map(([key]) => key);
        expect(added).toEqual([]);
    });

    test("pulumi up succeeds", async () => {
        expect((await stack.resources()).length).toBe(0);
        await stack.up();
    });
});

describe("after it", () => {
    beforeAll(async () => {
        await stack.ensureUp();
        [istioSystem, bookinfo] = [await inNamespace(ISTIO_NAMESPACE), await inNamespace(BOOKINFO_NAMESPACE)];
        pods = await getAll(lab, "pods", "--namespace", BOOKINFO_NAMESPACE);
    });

    describe("step 1, Istio", () => {
        test("the CRDs are those of Istio 1.25.1, all served", async () => {
            const { bundle } = stack.settings();
            const text = readFileSync(
                join(bundle!, "istio-1.25.1/manifests/charts/base/files/crd-all.gen.yaml"),
                "utf8",
            );
            const expected = parseAllDocuments(text)
                .map((document) => document.toJS() as KubeObject | null)
                .filter((crd) => crd !== null)
                .map(({ metadata }) => metadata.name);
            const live = (await getAll(lab, "customresourcedefinitions")).filter(({ spec }) =>
                spec.group.endsWith(".istio.io"),
            );
            expect(live.map(({ metadata }) => metadata.name).sort()).toEqual(expected.sort());
            expect(expected).toHaveLength(14);
            expect(live.filter((crd) => !hasCondition(crd, "Established"))).toEqual([]);
        });

        test("istiod has its Service and a ready Deployment of image pilot 1.25.1", () => {
            const deployment = istioSystem.get("Deployment.apps istio-system/istiod");
            expect(deployment?.spec.template.spec.containers.map(({ image }: { image: string }) => image)).toEqual([
                "docker.io/istio/pilot:1.25.1",
            ]);
            expect(deployment?.status).toMatchObject({ replicas: 1, readyReplicas: 1 });
            expect(istioSystem.get("Service istio-system/istiod")).toBeDefined();
        });

        test("every injector and validator webhook trusts istiod's own root certificate", async () => {
            const root = istioSystem.get("ConfigMap istio-system/istio-ca-root-cert")?.data["root-cert.pem"] as string;
            expect(root).toContain("BEGIN CERTIFICATE");
            const configurations = await getAll(lab, "mutatingwebhookconfigurations,validatingwebhookconfigurations");
            expect(configurations.map(({ metadata }) => metadata.name).sort()).toEqual([
                "istio-sidecar-injector",
                "istio-validator-istio-system",
                "istiod-default-validator",
            ]);
            const webhooks = configurations.flatMap(
                (configuration) => configuration.webhooks as { name: string; clientConfig: { caBundle?: string } }[],
            );
            expect(webhooks.length).toBeGreaterThanOrEqual(6);
            for (const { name, clientConfig } of webhooks)
                expect(
                    Buffer.from(clientConfig.caBundle ?? "", "base64")
                        .toString()
                        .trim(),
                    name,
                ).toBe(root.trim());
        });

        test("there is no ingress and no egress gateway", async () => {
            const gateways = await getAll(
                lab,
                "deployments,services,pods",
                "--all-namespaces",
                "--selector",
                "istio in (ingressgateway, egressgateway)",
            );
            expect(gateways).toEqual([]);
            const named = [...of(istioSystem, "Deployment"), ...of(istioSystem, "Service")].filter(({ metadata }) =>
                /gateway/.test(metadata.name),
            );
            expect(named).toEqual([]);
        });
    });

    test("step 2: the Gateway API CRDs are the five of the standard channel, v1.2.1, all served", async () => {
        const live = (await getAll(lab, "customresourcedefinitions")).filter(
            ({ spec }) => spec.group === "gateway.networking.k8s.io",
        );
        expect(live.map(({ spec }) => spec.names.plural as string).sort()).toEqual([
            "gatewayclasses",
            "gateways",
            "grpcroutes",
            "httproutes",
            "referencegrants",
        ]);
        for (const crd of live) {
            expect(crd.metadata.annotations).toMatchObject({
                "gateway.networking.k8s.io/bundle-version": "v1.2.1",
                "gateway.networking.k8s.io/channel": "standard",
            });
            expect(hasCondition(crd, "Established")).toBe(true);
        }
    });

    describe("step 3, Bookinfo", () => {
        test("its namespace asks for injection", async () => {
            expect((await getOne(lab, "namespace", BOOKINFO_NAMESPACE)).metadata.labels).toMatchObject({
                "istio-injection": "enabled",
            });
        });

        test("it has four Services on port 9080 named http, each selecting its pods", () => {
            const services = of(bookinfo, "Service").filter(
                ({ metadata }) => metadata.name !== "bookinfo-gateway-istio",
            );
            expect(services.map(({ metadata }) => metadata.name).sort()).toEqual(SERVICES);
            for (const service of services) {
                expect(service.spec).toMatchObject({ type: "ClusterIP", selector: { app: service.metadata.name } });
                expect(portsOf(service)).toEqual([["http", 9080]]);
            }
        });

        test("it has four service accounts of its own", () => {
            const accounts = of(bookinfo, "ServiceAccount")
                .map(({ metadata }) => metadata.name)
                .filter((name) => !["default", "bookinfo-gateway-istio"].includes(name));
            expect(accounts.sort()).toEqual(SERVICES.map((service) => `bookinfo-${service}`));
        });

        test("it has six ready Deployments of one replica, image 1.20.2, with their service accounts", () => {
            const deployments = of(bookinfo, "Deployment").filter(
                ({ metadata }) => metadata.name !== "bookinfo-gateway-istio",
            );
            expect(deployments.map(({ metadata }) => metadata.name).sort()).toEqual(WORKLOADS);
            for (const { metadata, spec, status } of deployments) {
                const [service, version] = metadata.name.split("-");
                expect(spec.template.spec.containers).toHaveLength(1);
                expect(spec.template.spec.containers[0]).toMatchObject({
                    name: service,
                    image: `docker.io/istio/examples-bookinfo-${metadata.name}:1.20.2`,
                    ports: [{ containerPort: 9080 }],
                });
                expect(spec).toMatchObject({ replicas: 1, selector: { matchLabels: { app: service, version } } });
                expect(spec.template.spec.serviceAccountName).toBe(`bookinfo-${service}`);
                expect(status).toMatchObject({ replicas: 1, readyReplicas: 1, updatedReplicas: 1 });
            }
        });
    });

    describe("step 4, injection", () => {
        test.each(WORKLOADS)(
            "the pod of %s is 2/2: the application and istio-proxy 1.25.1, after istio-init",
            (workload) => {
                const [pod, ...others] = podsOf(workload);
                expect(others).toEqual([]);
                const [app] = workload.split("-");
                expect(pod!.spec.containers.map(({ name }: { name: string }) => name).sort()).toEqual(
                    [app, "istio-proxy"].sort(),
                );
                expect(container(pod!, "istio-proxy").image).toBe(PROXY_IMAGE);
                expect(container(pod!, app!).image).toBe(`docker.io/istio/examples-bookinfo-${workload}:1.20.2`);
                expect(
                    pod!.spec.initContainers.map(({ name, image }: { name: string; image: string }) => [name, image]),
                ).toEqual([["istio-init", PROXY_IMAGE]]);
                expect(pod!.status.containerStatuses).toHaveLength(2);
                expect(isReady(pod!)).toBe(true);
            },
        );

        // Step 11 of the walkthrough, for productpage there.
        test.each(WORKLOADS)("istio-init of %s captures the traffic as the walkthrough shows", (workload) => {
            const [init] = podsOf(workload)[0]!.spec.initContainers;
            expect(init.args).toEqual([
                "istio-iptables",
                "-p",
                "15001",
                "-z",
                "15006",
                "-u",
                "1337",
                "-m",
                "REDIRECT",
                "-i",
                "*",
                "-x",
                "",
                "-b",
                "*",
                "-d",
                "15090,15021,15020",
                "--log_output_level=default:info",
            ]);
            expect(init.securityContext).toEqual({
                allowPrivilegeEscalation: false,
                capabilities: { add: ["NET_ADMIN", "NET_RAW"], drop: ["ALL"] },
                privileged: false,
                readOnlyRootFilesystem: false,
                runAsGroup: 0,
                runAsNonRoot: false,
                runAsUser: 0,
            });
        });

        // Step 12 of the walkthrough.
        test("istio-proxy of productpage is the walkthrough's", () => {
            const proxy = container(podsOf("productpage-v1")[0]!, "istio-proxy");
            expect(proxy.args.slice(0, 4)).toEqual([
                "proxy",
                "sidecar",
                "--domain",
                "$(POD_NAMESPACE).svc.cluster.local",
            ]);
            const env = Object.fromEntries(
                proxy.env.map(({ name, value }: { name: string; value?: string }) => [name, value]),
            );
            expect(env).toMatchObject({
                PILOT_CERT_PROVIDER: "istiod",
                CA_ADDR: "istiod.istio-system.svc:15012",
                ISTIO_META_APP_CONTAINERS: "productpage",
                ISTIO_META_WORKLOAD_NAME: "productpage-v1",
                ISTIO_META_INTERCEPTION_MODE: "REDIRECT",
                ISTIO_PROMETHEUS_ANNOTATIONS: '{"scrape":"true","path":"/metrics","port":"9080"}',
            });
            expect(JSON.parse(env.ISTIO_META_POD_PORTS)).toEqual([{ containerPort: 9080, protocol: "TCP" }]);
            expect(proxy.readinessProbe).toMatchObject({
                httpGet: { path: "/healthz/ready", port: 15021 },
                failureThreshold: 4,
                periodSeconds: 15,
            });
            expect(proxy.startupProbe).toMatchObject({
                httpGet: { path: "/healthz/ready", port: 15021 },
                failureThreshold: 600,
                periodSeconds: 1,
            });
        });
    });

    describe("steps 5 and 6, the gateway", () => {
        test("the Gateway is programmed, of class istio, with one HTTP listener for routes of its namespace", async () => {
            const gateway = await getOne(
                lab,
                "gateways.gateway.networking.k8s.io",
                "bookinfo-gateway",
                "--namespace",
                BOOKINFO_NAMESPACE,
            );
            expect(gateway.spec.gatewayClassName).toBe("istio");
            expect(gateway.spec.listeners).toEqual([
                { name: "http", port: 80, protocol: "HTTP", allowedRoutes: { namespaces: { from: "Same" } } },
            ]);
            expect(gateway.metadata.annotations).toMatchObject({ "networking.istio.io/service-type": "NodePort" });
            expect(hasCondition(gateway, "Accepted") && hasCondition(gateway, "Programmed")).toBe(true);
            expect(gateway.status.listeners[0]).toMatchObject({ name: "http", attachedRoutes: 1 });
        });

        test("the HTTPRoute leads the five paths to productpage:9080, accepted by the Gateway", async () => {
            const route = await getOne(lab, "httproutes", "bookinfo", "--namespace", BOOKINFO_NAMESPACE);
            expect(route.spec.parentRefs).toMatchObject([{ name: "bookinfo-gateway", kind: "Gateway" }]);
            const [rule, ...others] = route.spec.rules;
            expect(others).toEqual([]);
            expect(
                rule.matches.map(({ path }: { path: { type: string; value: string } }) => [path.type, path.value]),
            ).toEqual([
                ["Exact", "/productpage"],
                ["PathPrefix", "/static"],
                ["Exact", "/login"],
                ["Exact", "/logout"],
                ["PathPrefix", "/api/v1/products"],
            ]);
            expect(rule.backendRefs).toMatchObject([{ name: "productpage", port: 9080, kind: "Service" }]);
            const conditions = route.status.parents[0].conditions as { type: string; status: string }[];
            expect(
                conditions
                    .filter(({ status }) => status === "True")
                    .map(({ type }) => type)
                    .sort(),
            ).toEqual(["Accepted", "ResolvedRefs"]);
        });

        test("Istio generated a ready Deployment and a NodePort Service with 15021 status-port and 80 http", () => {
            expect(bookinfo.get("Deployment.apps istio-sample/bookinfo-gateway-istio")?.status).toMatchObject({
                replicas: 1,
                readyReplicas: 1,
            });
            const service = bookinfo.get("Service istio-sample/bookinfo-gateway-istio");
            expect(service?.spec.type).toBe("NodePort");
            expect(portsOf(service!)).toEqual([
                ["status-port", 15021],
                ["http", 80],
            ]);
            for (const { nodePort } of service!.spec.ports) expect(nodePort).toBeGreaterThanOrEqual(30000);
            const [pod] = pods.filter(
                ({ metadata }) => metadata.labels?.["gateway.networking.k8s.io/gateway-name"] === "bookinfo-gateway",
            );
            expect(container(pod!, "istio-proxy").image).toBe(PROXY_IMAGE);
            expect(isReady(pod!)).toBe(true);
        });

        test("what only Pulumi reads does not leak into what Istio generates", () => {
            const generated = [...bookinfo.values(), ...pods].filter(({ metadata }) =>
                metadata.name.startsWith("bookinfo-gateway-istio"),
            );
            expect(generated.length).toBeGreaterThanOrEqual(4);
            for (const object of generated)
                expect(
                    JSON.stringify(
                        [object.metadata, object.spec?.template?.metadata ?? {}].map(
                            ({ annotations }) => annotations ?? {},
                        ),
                    ),
                ).not.toContain("pulumi.com");
        });
    });

    describe("steps 13 and 14, the addons", () => {
        test("Kiali, Jaeger, Prometheus, Grafana and Loki are ready", async () => {
            const workloads = [...of(istioSystem, "Deployment"), ...of(istioSystem, "StatefulSet")];
            expect(workloads.map(({ metadata }) => metadata.name).sort()).toEqual([
                "grafana",
                "istiod",
                "jaeger",
                "kiali",
                "loki",
                "prometheus",
            ]);
            for (const { metadata, status } of workloads)
                expect(status, metadata.name).toMatchObject({ replicas: 1, readyReplicas: 1 });
            const [claim] = await getAll(lab, "persistentvolumeclaims", "--namespace", ISTIO_NAMESPACE);
            expect(claim).toMatchObject({
                spec: { resources: { requests: { storage: "10Gi" } } },
                status: { phase: "Bound" },
            });
        });

        test("the Services of istio-system and their ports are the walkthrough's list", () => {
            const list = of(istioSystem, "Service").map(({ metadata, spec }) => [
                metadata.name,
                spec.type,
                spec.clusterIP === "None" ? "None" : "",
                ...spec.ports.map(({ port }: { port: number }) => port),
            ]);
            expect(list.sort()).toEqual([
                ["grafana", "ClusterIP", "", 3000],
                ["istiod", "ClusterIP", "", 15010, 15012, 443, 15014],
                ["jaeger-collector", "ClusterIP", "", 14268, 14250, 9411, 4317, 4318],
                ["kiali", "NodePort", "", 20001, 9090],
                ["loki", "ClusterIP", "", 3100, 9095],
                ["loki-headless", "ClusterIP", "None", 3100],
                ["loki-memberlist", "ClusterIP", "None", 7946],
                ["prometheus", "ClusterIP", "", 9090],
                ["tracing", "ClusterIP", "", 80, 16685],
                ["zipkin", "ClusterIP", "", 9411],
            ]);
            for (const { nodePort } of istioSystem.get("Service istio-system/kiali")!.spec.ports)
                expect(nodePort).toBeGreaterThanOrEqual(30000);
        });
    });
});

const of = (objects: ReadonlyMap<string, KubeObject>, kind: string) =>
    [...objects.values()].filter((object) => object.kind === kind);

const podsOf = (workload: string) =>
    pods.filter(({ metadata }) => {
        const [app, version] = workload.split("-");
        return metadata.labels?.app === app && metadata.labels?.version === version;
    });

function container(pod: KubeObject, name: string): Record<string, any> {
    return (pod.spec.containers as Record<string, any>[]).find((each) => each.name === name) ?? {};
}

function hasCondition({ status }: KubeObject, type: string): boolean {
    return (status?.conditions ?? []).some(
        (condition: { type: string; status: string }) => condition.type === type && condition.status === "True",
    );
}
