import type { KubeObject } from "../objects";
import type { Finding, StackRule } from "../rule";
import { DEVELOPMENT, matches, PRODUCTION } from "../stacks";
import { at, listAt, textAt, textsAt } from "../values";
import { askForLogin } from "./logins";

interface Settings {
    readonly development: readonly string[];
    readonly withLogin: readonly string[];
}

export const dashboards: StackRule<Settings> = {
    name: "dashboards",
    description: "Outside development no dashboard answers from outside the cluster without a login.",
    production: PRODUCTION,
    settings: {
        development: {
            type: "array",
            items: { type: "string" },
            default: DEVELOPMENT,
            description: "Names of the stacks in which dashboards may be open; * stands for any text.",
        },
        withLogin: {
            type: "array",
            items: { type: "string" },
            default: [],
            description:
                "Services (namespace/name) in front of which something asks for a login; * stands for any text.",
        },
    },
    judgeAll: (objects, { development, withLogin }, stack) => {
        if (matches(stack, development)) return [];
        return [...services(objects), ...routes(objects)]
            .filter(({ service }) => !matches(`${service.namespace ?? ""}/${service.name}`, withLogin))
            .filter(({ dashboard }) => !askForLogin(dashboard, objects))
            .map(({ object, service, dashboard, way }): Finding => {
                const whose = `${service.namespace === undefined ? "" : `${service.namespace}/`}${service.name}`;
                return {
                    object,
                    complaint:
                        `${object.title} opens ${dashboard} to whoever reaches ${way}, and nothing in the stack asks for a ` +
                        `login; allowed outside development: ClusterIP, or a login. ${REMEDIES[dashboard] ?? NO_LOGIN}, or ` +
                        `add ${whose} to "withLogin" of rule dashboards where something in front of it asks for one.`,
                };
            });
    },
};

const NO_LOGIN = "Make its Service a ClusterIP without a route to it (kubectl port-forward leads there)";
const REMEDIES: Readonly<Record<string, string>> = {
    kiali: `Give it a login (auth.strategy; here: setting addons.kiali.access token), or ${NO_LOGIN.replace("Make", "make")}`,
    grafana: `Take away its anonymous access (GF_AUTH_ANONYMOUS_ENABLED), or ${NO_LOGIN.replace("Make", "make")}`,
};

/** By the names that Services and their pods have in Istio's samples and the projects' charts. */
const DASHBOARDS: Readonly<Record<string, string>> = {
    kiali: "kiali",
    grafana: "grafana",
    prometheus: "prometheus",
    "prometheus-server": "prometheus",
    alertmanager: "alertmanager",
    jaeger: "jaeger",
    "jaeger-query": "jaeger",
    tracing: "jaeger",
    zipkin: "zipkin",
    loki: "loki",
};
/** Where others send what is to be shown. */
const INTAKE = /-(collector|agent)$/;

interface Named {
    readonly name: string;
    readonly namespace?: string;
}

interface Opening {
    readonly object: KubeObject;
    readonly service: Named;
    readonly dashboard: string;
    /** How it is reached, such as `a port of every node`. */
    readonly way: string;
}

function dashboardOf(name: string, service?: KubeObject): string | undefined {
    if (name in DASHBOARDS) return DASHBOARDS[name];
    if (!service || INTAKE.test(name)) return undefined;
    const labels = [textsAt(service.fields, "metadata", "labels"), textsAt(service.fields, "spec", "selector")];
    return labels
        .flatMap((of) => [of["app.kubernetes.io/name"], of.app])
        .flatMap((value) => (value !== undefined && value in DASHBOARDS ? [DASHBOARDS[value]!] : []))[0];
}

function services(objects: readonly KubeObject[]): Opening[] {
    return objects
        .filter(({ group, kind }) => group === "" && kind === "Service")
        .flatMap((object) => {
            const [dashboard, way] = [dashboardOf(object.name, object), wayOf(object)];
            return dashboard !== undefined && way !== undefined ? [{ object, service: object, dashboard, way }] : [];
        });
}

function wayOf({ fields }: KubeObject): string | undefined {
    switch (textAt(fields, "spec", "type")) {
        case "NodePort":
            return "a node";
        case "LoadBalancer":
            return "its load balancer";
        default:
            return listAt(fields, "spec", "externalIPs").length > 0 ? "its external addresses" : undefined;
    }
}

/** What sends requests from outside to a Service. */
function routes(objects: readonly KubeObject[]): Opening[] {
    return objects.flatMap((object) =>
        targetsOf(object).flatMap((service) => {
            const found = objects.find(
                ({ group, kind, name, namespace }) =>
                    group === "" && kind === "Service" && name === service.name && namespace === service.namespace,
            );
            const dashboard = dashboardOf(service.name, found);
            return dashboard === undefined ? [] : [{ object, service, dashboard, way: "the gateway" }];
        }),
    );
}

function targetsOf({ group, kind, fields, namespace }: KubeObject): Named[] {
    if (group === "gateway.networking.k8s.io" && kind.endsWith("Route")) {
        return listAt(fields, "spec", "rules")
            .flatMap((rule) => listAt(rule, "backendRefs"))
            .filter((ref) => (textAt(ref, "kind") ?? "Service") === "Service")
            .map((ref) => ({ name: textAt(ref, "name") ?? "", namespace: textAt(ref, "namespace") ?? namespace }));
    }
    if (group === "networking.istio.io" && kind === "VirtualService") {
        // Without a gateway it is for the mesh alone.
        const isOutside = listAt(fields, "spec", "gateways").some((gateway) => gateway !== "mesh");
        return ["http", "tls", "tcp"]
            .flatMap((protocol) => (isOutside ? listAt(fields, "spec", protocol) : []))
            .flatMap((rule) => listAt(rule, "route"))
            .map((to) => (textAt(to, "destination", "host") ?? "").split("."))
            .map(([name = "", own]) => ({ name, namespace: own ?? namespace }));
    }
    if (group === "networking.k8s.io" && kind === "Ingress") {
        const backends = [
            at(fields, "spec", "defaultBackend"),
            ...listAt(fields, "spec", "rules")
                .flatMap((rule) => listAt(rule, "http", "paths"))
                .map((path) => at(path, "backend")),
        ];
        return backends.map((backend) => ({ name: textAt(backend, "service", "name") ?? "", namespace }));
    }
    return [];
}
