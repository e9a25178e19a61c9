import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type KialiArgs, kialiObjects } from "../../../components/kiali";
import { type Manifest, parseManifest } from "../../../components/manifest";

const MANIFEST = `
apiVersion: v1
kind: ConfigMap
metadata: { name: kiali }
data:
  other: kept
  config.yaml: |
    # kept
    auth: { openid: {}, strategy: anonymous }
    deployment: { view_only_mode: false, replicas: 1 }
    external_services: { tracing: { enabled: false }, istio: { root_namespace: istio-system } }
    login_token: { signing_key: CHANGEME00000000 }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: kiali }
rules:
- { apiGroups: [""], resources: [pods, services], verbs: [get, list, watch, patch] }
- { apiGroups: [""], resources: [pods/portforward], verbs: [create, post] }
- { apiGroups: [security.istio.io], resources: ["*"], verbs: [get, list, watch, create, delete, patch] }
- { apiGroups: [authentication.k8s.io], resources: [tokenreviews], verbs: [create] }
---
apiVersion: v1
kind: Service
metadata: { name: kiali }
spec:
  ports:
  - { name: http, port: 20001 }
  - { name: http-metrics, port: 9090 }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: kiali }
spec:
  template:
    metadata: { annotations: { checksum/config: upstream, own: stays } }
    spec: { containers: [{ name: kiali, image: kiali }] }
`;
const UPSTREAM = parseManifest(MANIFEST);
const WALKTHROUGH: KialiArgs = { serviceType: "NodePort", nodePort: 0, access: "anonymous", tracing: false };

function kiali(args: Partial<KialiArgs> = {}) {
    const objects = kialiObjects(UPSTREAM, { ...WALKTHROUGH, ...args });
    const one = (kind: string) => objects.find((object) => object.kind === kind)!;
    const text = (one("ConfigMap").data as Record<string, string>)["config.yaml"]!;
    return { objects, one, text, config: parse(text) as Record<string, Record<string, unknown>> };
}

const upstream = (kind: string) => UPSTREAM.find((object) => object.kind === kind)!;

describe("Kiali", () => {
    it("is upstream's in the walkthrough, but for its Service", () => {
        const { objects } = kiali();
        const others = (list: Manifest[]) => list.filter(({ kind }) => kind !== "Service");
        expect(others(objects)).toEqual(others(UPSTREAM));
        expect(objects).toHaveLength(4);
    });

    it.each(["NodePort", "ClusterIP"] as const)(
        "has a Service of type %s, whose port Kubernetes chooses",
        (serviceType) => {
            expect(kiali({ serviceType }).one("Service").spec).toEqual({
                type: serviceType,
                ports: [
                    { name: "http", port: 20001 },
                    { name: "http-metrics", port: 9090 },
                ],
            });
        },
    );

    it("takes a fixed port for http alone", () => {
        expect(kiali({ nodePort: 30001 }).one("Service").spec).toMatchObject({
            ports: [
                { name: "http", port: 20001, nodePort: 30001 },
                { name: "http-metrics", port: 9090 },
            ],
        });
        expect(JSON.stringify(kiali({ nodePort: 30001 }).one("Service").spec).match(/nodePort/g)).toHaveLength(1);
    });

    it("shows Jaeger's traces, all else of its configuration as it was", () => {
        const { config, text, one } = kiali({ tracing: true });
        expect(config).toEqual({
            ...(parse((upstream("ConfigMap").data as Record<string, string>)["config.yaml"]!) as object),
            external_services: {
                istio: { root_namespace: "istio-system" },
                tracing: {
                    enabled: true,
                    internal_url: "http://tracing.istio-system:16685/jaeger",
                    use_grpc: true,
                },
            },
        });
        expect(text).toContain("# kept");
        expect(one("ConfigMap").data).toMatchObject({ other: "kept" });
        expect(one("ClusterRole")).toEqual(upstream("ClusterRole"));
    });

    it("lets anybody look and nobody change: its own rights are for reading", () => {
        const { config, one } = kiali({ access: "view-only" });
        expect(config.deployment).toEqual({ view_only_mode: true, replicas: 1 });
        expect(config.auth!.strategy).toBe("anonymous");
        expect((one("ClusterRole").rules as { verbs: string[] }[]).map(({ verbs }) => verbs)).toEqual([
            ["get", "list", "watch"],
            ["create", "post"],
            ["get", "list", "watch"],
            ["create"],
        ]);
    });

    it("asks for a token, and changes nothing by rights of its own", () => {
        const { config, one } = kiali({ access: "token" });
        expect(config.auth!.strategy).toBe("token");
        expect(config.deployment!.view_only_mode).toBe(false);
        expect((one("ClusterRole").rules as { verbs: string[] }[])[2]!.verbs).toEqual(["get", "list", "watch"]);
    });

    it.each([{ tracing: true }, { access: "view-only" }, { access: "token" }] as const)(
        "is restarted for a configuration that it reads at its start only: %j",
        (args) => {
            const { one, text } = kiali(args);
            const { template } = one("Deployment").spec as { template: { metadata: { annotations: object } } };
            const checksum = createHash("sha256").update(text).digest("hex");
            expect(template.metadata.annotations).toEqual({ "checksum/config": checksum, own: "stays" });
        },
    );
});
