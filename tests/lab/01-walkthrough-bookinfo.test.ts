import { beforeAll, describe, expect, test } from "vitest";
import { Lab, TEST_LAB } from "../support/lab";
import { byKey, getAll, getOne, type KubeObject } from "../support/lab-objects";
import { Stack } from "../support/lab-stack";
import { BOOKINFO_NAMESPACE } from "../support/lab-walkthrough";
import {
    containerOf,
    type Deployment,
    type Gateway,
    hasCondition,
    type HttpRoute,
    isReady,
    type Pod,
    type Service,
} from "../support/objects";
import { stayingPods } from "../support/pods";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);
const PROXY_IMAGE = "docker.io/istio/proxyv2:1.25.1";
const WORKLOADS = ["details-v1", "productpage-v1", "ratings-v1", "reviews-v1", "reviews-v2", "reviews-v3"];
const SERVICES = ["details", "productpage", "ratings", "reviews"];

/** Everything that the assertions look at, asked for once. */
let bookinfo: Map<string, KubeObject>;
let pods: Pod[];

const of = (kind: string) => [...bookinfo.values()].filter((object) => object.kind === kind);
const portsOf = ({ spec }: Service) => spec.ports.map(({ name, port }) => [name, port]);
const podsOf = (workload: string) =>
    pods.filter(({ metadata }) => {
        const [app, version] = workload.split("-");
        return metadata.labels.app === app && metadata.labels.version === version;
    });

beforeAll(async () => {
    await stack.ensureUp();
    bookinfo = byKey(await getAll(lab, "deployments,services,serviceaccounts", "--namespace", BOOKINFO_NAMESPACE));
    pods = await stayingPods(lab, 7, BOOKINFO_NAMESPACE);
});

describe("step 3, Bookinfo", () => {
    test("its namespace asks for injection", async () => {
        expect((await getOne(lab, "namespace", BOOKINFO_NAMESPACE)).metadata.labels).toMatchObject({
            "istio-injection": "enabled",
        });
    });

    test("it has four Services on port 9080 named http, each selecting its pods", () => {
        const services = (of("Service") as Service[]).filter(
            ({ metadata }) => metadata.name !== "bookinfo-gateway-istio",
        );
        expect(services.map(({ metadata }) => metadata.name).sort()).toEqual(SERVICES);
        for (const service of services) {
            expect(service.spec).toMatchObject({ type: "ClusterIP", selector: { app: service.metadata.name } });
            expect(portsOf(service)).toEqual([["http", 9080]]);
        }
    });

    test("it has four service accounts of its own", () => {
        const accounts = of("ServiceAccount")
            .map(({ metadata }) => metadata.name)
            .filter((name) => !["default", "bookinfo-gateway-istio"].includes(name));
        expect(accounts.sort()).toEqual(SERVICES.map((service) => `bookinfo-${service}`));
    });

    test("it has six ready Deployments of one replica, image 1.20.2, with their service accounts", () => {
        const deployments = (of("Deployment") as Deployment[]).filter(
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
            expect(pod!.spec.containers.map(({ name }) => name).sort()).toEqual([app, "istio-proxy"].sort());
            expect(containerOf(pod!, "istio-proxy").image).toBe(PROXY_IMAGE);
            expect(containerOf(pod!, app!).image).toBe(`docker.io/istio/examples-bookinfo-${workload}:1.20.2`);
            expect(pod!.spec.initContainers.map(({ name, image }) => [name, image])).toEqual([
                ["istio-init", PROXY_IMAGE],
            ]);
            expect(pod!.status.containerStatuses).toHaveLength(2);
            expect(isReady(pod!)).toBe(true);
        },
    );

    // Step 11 of the walkthrough, for productpage there.
    test.each(WORKLOADS)("istio-init of %s captures the traffic as the walkthrough shows", (workload) => {
        const [init] = podsOf(workload)[0]!.spec.initContainers;
        expect(init!.args).toEqual([
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
        expect(init!.securityContext).toEqual({
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
        const proxy = containerOf(podsOf("productpage-v1")[0]!, "istio-proxy");
        expect(proxy.args.slice(0, 4)).toEqual(["proxy", "sidecar", "--domain", "$(POD_NAMESPACE).svc.cluster.local"]);
        const env = Object.fromEntries(proxy.env.map(({ name, value }) => [name, value]));
        expect(env).toMatchObject({
            PILOT_CERT_PROVIDER: "istiod",
            CA_ADDR: "istiod.istio-system.svc:15012",
            ISTIO_META_APP_CONTAINERS: "productpage",
            ISTIO_META_WORKLOAD_NAME: "productpage-v1",
            ISTIO_META_INTERCEPTION_MODE: "REDIRECT",
            ISTIO_PROMETHEUS_ANNOTATIONS: '{"scrape":"true","path":"/metrics","port":"9080"}',
        });
        expect(JSON.parse(env.ISTIO_META_POD_PORTS!)).toEqual([{ containerPort: 9080, protocol: "TCP" }]);
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
    test("the Gateway is programmed, of class istio, with an HTTP listener for routes of its namespace", async () => {
        const gateway = await getOne<Gateway>(
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
        const route = await getOne<HttpRoute>(lab, "httproutes", "bookinfo", "--namespace", BOOKINFO_NAMESPACE);
        expect(route.spec.parentRefs).toMatchObject([{ name: "bookinfo-gateway", kind: "Gateway" }]);
        const [rule, ...others] = route.spec.rules;
        expect(others).toEqual([]);
        expect(rule!.matches.map(({ path }) => [path.type, path.value])).toEqual([
            ["Exact", "/productpage"],
            ["PathPrefix", "/static"],
            ["Exact", "/login"],
            ["Exact", "/logout"],
            ["PathPrefix", "/api/v1/products"],
        ]);
        expect(rule!.backendRefs).toMatchObject([{ name: "productpage", port: 9080, kind: "Service" }]);
        const { conditions } = route.status.parents[0];
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
        const service = bookinfo.get("Service istio-sample/bookinfo-gateway-istio") as Service;
        expect(service.spec.type).toBe("NodePort");
        expect(portsOf(service)).toEqual([
            ["status-port", 15021],
            ["http", 80],
        ]);
        for (const { nodePort } of service.spec.ports) expect(nodePort).toBeGreaterThanOrEqual(30000);
        const [pod] = pods.filter(
            ({ metadata }) => metadata.labels["gateway.networking.k8s.io/gateway-name"] === "bookinfo-gateway",
        );
        expect(containerOf(pod!, "istio-proxy").image).toBe(PROXY_IMAGE);
        expect(isReady(pod!)).toBe(true);
    });

    test("what only Pulumi reads does not leak into what Istio generates", () => {
        const generated = [...bookinfo.values(), ...(pods as unknown as KubeObject[])].filter(({ metadata }) =>
            metadata.name.startsWith("bookinfo-gateway-istio"),
        );
        expect(generated.length).toBeGreaterThanOrEqual(4);
        for (const { metadata, spec } of generated) {
            const template = (spec as Partial<Deployment["spec"]> | undefined)?.template;
            const annotations = [metadata.annotations, template?.metadata.annotations];
            expect(JSON.stringify(annotations)).not.toContain("pulumi.com");
        }
    });
});
