import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { ISTIO_NAMESPACE } from "@istio-on-pulumi/kube";
import { Lab, TEST_LAB } from "../support/lab";
import { untilAnswered } from "../support/lab-load";
import { eventually, getAll, getOne } from "../support/lab-objects";
import { Stack } from "../support/lab-stack";
import { untilTraced } from "../support/lab-traces";
import { BOOKINFO_NAMESPACE } from "../support/lab-walkthrough";
import { nodePortOf, type Service } from "../support/objects";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);

beforeAll(() => stack.ensureUp());
afterAll(() => stack.up("--skip-preview"));

const kubectl = (...args: string[]) => lab.output(["kubectl", ...args]);
const inIstio = ["--namespace", ISTIO_NAMESPACE];
const inBookinfo = ["--namespace", BOOKINFO_NAMESPACE];

describe("Kiali", () => {
    const config = async () => {
        const { data } = await getOne(lab, "configmap", "kiali", ...inIstio);
        return parse((data as Record<string, string>)["config.yaml"]!) as Record<string, Record<string, unknown>>;
    };
    const service = () => getOne<Service>(lab, "service", "kiali", ...inIstio);
    const canPatch = async () => {
        const account = `system:serviceaccount:${ISTIO_NAMESPACE}:kiali`;
        const { stdout } = await lab.run([
            "kubectl",
            "auth",
            "can-i",
            "delete",
            "authorizationpolicies.security.istio.io",
            "--all-namespaces",
            `--as=${account}`,
        ]);
        return stdout.trim();
    };

    test("may do anything for anybody on every node, as the walkthrough has it", async () => {
        expect(nodePortOf(await service(), 20001)).toBeDefined();
        expect((await config()).auth!.strategy).toBe("anonymous");
        expect(await canPatch()).toBe("yes");
    });

    test("can be kept inside and to look only; its pod is another one then", async () => {
        const generation = async () => (await getOne(lab, "deployment", "kiali", ...inIstio)).metadata.generation!;
        const before = await generation();
        await stack.with({ "addons.kiali.serviceType": "ClusterIP", "addons.kiali.access": "view-only" }, async () => {
            await stack.up("--skip-preview");
            const { spec } = await service();
            expect(spec.type).toBe("ClusterIP");
            expect(nodePortOf(await service(), 20001)).toBeUndefined();
            const { deployment, auth } = await config();
            expect([deployment!.view_only_mode, auth!.strategy]).toEqual([true, "anonymous"]);
            expect(await canPatch()).toBe("no");
            expect(await generation()).toBeGreaterThan(before);
            expect(await stack.outputs()).not.toHaveProperty("kialiUrl");
            await stack.up("--skip-preview", "--expect-no-changes");
        });
    });

    test("can ask for a login, with a key that stays the same and is a secret", async () => {
        await stack.with({ "addons.kiali.access": "token" }, async () => {
            await stack.up("--skip-preview");
            const { auth, login_token } = await config();
            expect(auth!.strategy).toBe("token");
            expect(login_token!.signing_key).toMatch(/^[0-9a-f]{32}$/);
            expect(await canPatch()).toBe("no");
            const key = login_token!.signing_key as string;
            expect(await stack.pulumi(["stack", "export"])).not.toContain(key);
            await stack.up("--skip-preview", "--expect-no-changes");
            expect((await config()).login_token!.signing_key).toBe(key);
        });
        await stack.up("--skip-preview");
        expect((await config()).auth!.strategy).toBe("anonymous");
    });
});

describe("traces", () => {
    test("of a request to the product page reach Jaeger, with a span of each proxy on its way", async () => {
        const { productpageUrl } = await stack.outputs<{ productpageUrl: string }>();
        await untilAnswered(productpageUrl);
        const proxies = ["bookinfo-gateway-istio", "productpage", "details", "reviews"];
        await untilTraced(lab, productpageUrl, "0af7651916cd43dd8448eb211c80319c", proxies);
    });

    test("are shown in Kiali", async () => {
        const { data } = await getOne(lab, "configmap", "kiali", ...inIstio);
        const { external_services } = parse((data as Record<string, string>)["config.yaml"]!) as {
            external_services: { tracing: object };
        };
        expect(external_services.tracing).toEqual({
            enabled: true,
            internal_url: "http://tracing.istio-system:16685/jaeger",
            use_grpc: true,
        });
    });

    test("are not made without Jaeger", async () => {
        await stack.with({ "addons.jaeger.enabled": "false" }, async () => {
            await stack.up("--skip-preview");
            expect(await getAll(lab, "telemetries.telemetry.istio.io", "--all-namespaces")).toEqual([]);
        });
        await stack.up("--skip-preview");
    });
});

describe("a load balancer", () => {
    const gateway = () => getOne<Service>(lab, "service", "bookinfo-gateway-istio", ...inBookinfo);

    test("is where the URL leads, once the cluster has given an address", async () => {
        // The lab has no controller of load balancers. A Service that has an address shows that the cluster has one.
        await kubectl("create", "service", "loadbalancer", "given", "--tcp=80", "--namespace", "default");
        const give = (name: string, namespace: string, ip: string) =>
            kubectl(
                ...["patch", "service", name, "--namespace", namespace, "--subresource=status", "-p"],
                JSON.stringify({ status: { loadBalancer: { ingress: [{ ip }] } } }),
            );
        await give("given", "default", "203.0.113.6");
        try {
            await stack.with({ "gateway.serviceType": "LoadBalancer" }, async () => {
                const up = stack.up("--skip-preview");
                await eventually(gateway, ({ spec }) => spec.type === "LoadBalancer", "the Service has the type");
                await give("bookinfo-gateway-istio", BOOKINFO_NAMESPACE, "203.0.113.7");
                await up;
                const outputs = await stack.outputs<{
                    productpageUrl: string;
                    endpoints: Record<string, { loadBalancer?: string; ports: { url?: string }[] }>;
                }>();
                expect(outputs.productpageUrl).toBe("http://203.0.113.7/productpage");
                expect(outputs.endpoints.productpage!.loadBalancer).toBe("203.0.113.7");
                expect(outputs.endpoints.gatewayStatus!.ports[0]!.url).toBe("http://203.0.113.7:15021/healthz/ready");
            });
        } finally {
            await kubectl("delete", "service", "given", "--namespace", "default");
        }
    });
});
