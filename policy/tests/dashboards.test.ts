import { describe, expect, it } from "vitest";
import { deployment, type Manifest, sentences, service, UNKNOWN_TEXT } from "./judge";

const dashboards = (objects: Manifest[], stack = "staging", config?: object) =>
    sentences("dashboards", stack, objects, config);
const open = (name: string, spec: object = {}) => service(name, { type: "NodePort", ...spec }, "istio-system");
const kialiConfig = (text: string): Manifest => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "kiali", namespace: "istio-system" },
    data: { "config.yaml": text },
});
const to = (kind: string, spec: object, apiVersion = "gateway.networking.k8s.io/v1"): Manifest => ({
    apiVersion,
    kind,
    metadata: { name: "route", namespace: "istio-system" },
    spec,
});

describe("dashboards", () => {
    it("names what is open, by what, and the ways to close it", () => {
        expect(dashboards([open("kiali"), kialiConfig("auth: { strategy: anonymous }")])).toEqual([
            "Service istio-system/kiali opens kiali to whoever reaches a node, and nothing in the stack asks for a login; " +
                "allowed outside development: ClusterIP, or a login. Give it a login (auth.strategy; here: setting " +
                "addons.kiali.access token), or make its Service a ClusterIP without a route to it (kubectl port-forward leads " +
                'there), or add istio-system/kiali to "withLogin" of rule dashboards where something in front of it asks for one.',
        ]);
    });

    it.each(["kiali", "grafana", "prometheus", "tracing", "jaeger-query", "loki"])("knows %s", (name) => {
        expect(dashboards([open(name)])).toHaveLength(1);
        expect(dashboards([service(name, { type: "ClusterIP" }), service(`${name}-2`, {})])).toEqual([]);
        expect(dashboards([open(name)], "dev")).toEqual([]);
    });

    it("knows one of another name by its labels, but for what takes things in", () => {
        const labelled = (name: string, of: object) => ({
            ...open(name),
            metadata: { name, namespace: "m", labels: of },
        });
        expect(dashboards([labelled("monitoring-grafana", { "app.kubernetes.io/name": "grafana" })])).toHaveLength(1);
        expect(dashboards([open("charts", { selector: { app: "prometheus" } })])).toHaveLength(1);
        expect(dashboards([open("jaeger-collector", { selector: { app: "jaeger" } })])).toEqual([]);
        expect(dashboards([open("web", { selector: { app: "web" } })])).toEqual([]);
    });

    it.each<[string, Manifest]>([
        ["its load balancer", open("grafana", { type: "LoadBalancer" })],
        ["its external addresses", service("grafana", { externalIPs: ["192.0.2.1"] })],
        ["the gateway", to("HTTPRoute", { rules: [{ backendRefs: [{ name: "grafana", port: 3000 }] }] })],
        ["the gateway", to("TCPRoute", { rules: [{ backendRefs: [{ name: "grafana", port: 3000 }] }] })],
        [
            "the gateway",
            to(
                "VirtualService",
                {
                    gateways: ["g"],
                    http: [{ route: [{ destination: { host: "grafana.istio-system.svc.cluster.local" } }] }],
                },
                "networking.istio.io/v1",
            ),
        ],
        [
            "the gateway",
            to(
                "Ingress",
                { rules: [{ http: { paths: [{ backend: { service: { name: "grafana" } } }] } }] },
                "networking.k8s.io/v1",
            ),
        ],
    ])("sees the way by %s", (way, object) => {
        expect(dashboards([object])[0]).toContain(`opens grafana to whoever reaches ${way}`);
    });

    it("has nothing against a route inside the mesh, or to an application", () => {
        const inside = { http: [{ route: [{ destination: { host: "grafana" } }] }] };
        expect(dashboards([to("VirtualService", inside, "networking.istio.io/v1")])).toEqual([]);
        expect(dashboards([to("HTTPRoute", { rules: [{ backendRefs: [{ name: "web" }] }] })])).toEqual([]);
    });

    it("sees Kiali's login", () => {
        for (const text of ["auth: { strategy: token }", "auth: { strategy: openid }", "server: {}"])
            expect(dashboards([open("kiali"), kialiConfig(text)])).toEqual([]);
        expect(dashboards([open("kiali"), kialiConfig(UNKNOWN_TEXT)])).toEqual([]);
        const viewOnly = "auth: { strategy: anonymous }\ndeployment: { view_only_mode: true }";
        expect(dashboards([open("kiali"), kialiConfig(viewOnly)])).toHaveLength(1);
    });

    it("sees Grafana's login, and that it is switched off", () => {
        const image = "docker.io/grafana/grafana:11.3.1";
        const anonymous = { name: "GF_AUTH_ANONYMOUS_ENABLED", value: "true" };
        expect(dashboards([open("grafana"), deployment("grafana", { image })])).toEqual([]);
        expect(dashboards([open("grafana"), deployment("grafana", { image, env: [anonymous] })])).toHaveLength(1);
        const ini = (text: string): Manifest => ({ ...kialiConfig(""), data: { "grafana.ini": text } });
        const both = (text: string) => dashboards([open("grafana"), deployment("grafana", { image }), ini(text)]);
        expect(both("[auth.anonymous]\norg_role = Admin\nenabled = true\n")).toHaveLength(1);
        expect(both("[auth.anonymous]\nenabled = false\n[users]\nenabled = true\n")).toEqual([]);
    });

    it("believes in a login that it is told of", () => {
        expect(dashboards([open("grafana")], "prod", { withLogin: ["istio-system/graf*"] })).toEqual([]);
        expect(dashboards([open("grafana")], "prod", { withLogin: ["other/grafana"] })).toHaveLength(1);
    });
});
