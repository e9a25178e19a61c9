import { describe, expect, it } from "vitest";
import { deployment, type Manifest, namespace, sentences, UNKNOWN_TEXT } from "./judge";

const label = (objects: Manifest[], config?: object) => sentences("injection-label", "dev", objects, config);
const gateway = (name: string, listeners: object[], inside = "shop"): Manifest => ({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { name, namespace: inside },
    spec: { listeners },
});
const HTTP = { name: "http", port: 80, protocol: "HTTP" };

describe("injection-label", () => {
    it("names namespace, labels and the way out", () => {
        expect(label([namespace("shop")])).toEqual([
            "Namespace shop has no injection label, so that its pods run without sidecars and take plain text; allowed: " +
                'istio-injection=enabled, or istio.io/rev with a revision. Set one of them, or add the namespace to "exempt" of ' +
                "rule injection-label where no application runs in it.",
        ]);
    });

    it.each([
        [{ "istio-injection": "enabled" }, 0],
        [{ "istio.io/rev": "1-25" }, 0],
        [{ "istio.io/dataplane-mode": "ambient" }, 0],
        [{ "istio-injection": "disabled" }, 1],
        [{ "istio-injection": "disabled", "istio.io/rev": "1-25" }, 1],
        [{ "istio.io/rev": "" }, 1],
        [{ team: "shop" }, 1],
    ])("of %o has %i complaints", (labels, count) => {
        expect(label([namespace("shop", labels)])).toHaveLength(count);
    });

    it("passes over namespaces without applications", () => {
        expect(label([namespace("istio-system"), namespace("kube-system")])).toEqual([]);
        expect(label([namespace("monitoring")], { exempt: ["monit*"] })).toEqual([]);
        expect(label([namespace("ingress"), gateway("ingress", [], "ingress")])).toEqual([]);
        expect(label([namespace("shop"), gateway("g", []), deployment("web", {})])).toHaveLength(1);
    });

    it("sees pods that bring their own label", () => {
        const injected = (labels: object) => deployment("web", {}, { metadata: { labels } });
        expect(label([namespace("shop"), injected({ "sidecar.istio.io/inject": "true" })])).toEqual([]);
        expect(label([namespace("shop"), injected({ "istio.io/rev": "1-25" })])).toEqual([]);
        expect(label([namespace("shop"), injected({ "sidecar.istio.io/inject": "false" })])).toHaveLength(1);
    });

    it("says nothing of what it does not see", () => {
        const patch = (labels?: Record<string, string>) => ({ ...namespace("shop", labels), kind: "NamespacePatch" });
        expect(label([patch()])).toEqual([]);
        expect(label([patch({ "istio-injection": "disabled" })])).toHaveLength(1);
        const unknown = { ...namespace("shop"), metadata: { name: "shop", labels: UNKNOWN_TEXT } };
        expect(label([unknown])).toEqual([]);
    });
});

describe("plaintext-listeners", () => {
    const plain = (objects: Manifest[]) => sentences("plaintext-listeners", "dev", objects);
    const route = (filters: object[], parent: object = {}): Manifest => ({
        apiVersion: "gateway.networking.k8s.io/v1",
        kind: "HTTPRoute",
        metadata: { name: "r", namespace: "shop" },
        spec: { parentRefs: [{ name: "g", ...parent }], rules: [{ filters }] },
    });
    const redirect = { type: "RequestRedirect", requestRedirect: { scheme: "https" } };

    it("names gateway and listener", () => {
        expect(plain([gateway("g", [HTTP, { name: "https", port: 443, protocol: "HTTPS" }])])).toEqual([
            "Gateway shop/g takes plain HTTP by listener http (port 80), which anybody between caller and gateway can read and " +
                "change; allowed: HTTPS, and HTTP that is but redirected to HTTPS. Add a listener with a certificate and redirect " +
                "this one, or end TLS in front of the gateway.",
        ]);
    });

    it("takes a listener that sends all requests to HTTPS", () => {
        expect(plain([gateway("g", [HTTP]), route([redirect])])).toEqual([]);
        expect(plain([gateway("g", [HTTP]), route([redirect], { sectionName: "http" })])).toEqual([]);
        expect(plain([gateway("g", [HTTP]), route([redirect], { sectionName: "https" })])).toHaveLength(1);
        expect(plain([gateway("g", [HTTP]), route([redirect], { namespace: "other" })])).toHaveLength(1);
        expect(plain([gateway("g", [HTTP]), route([redirect]), route([])])).toHaveLength(1);
    });

    it("knows Istio's own Gateway", () => {
        const istios = (server: object): Manifest => ({
            apiVersion: "networking.istio.io/v1",
            kind: "Gateway",
            metadata: { name: "g", namespace: "shop" },
            spec: { servers: [{ port: { name: "http", number: 80, protocol: "HTTP" }, ...server }] },
        });
        expect(plain([istios({})])[0]).toContain("Gateway shop/g takes plain HTTP by server http (port 80)");
        expect(plain([istios({ tls: { httpsRedirect: true } })])).toEqual([]);
        expect(plain([istios({ port: { number: 443, protocol: "HTTPS" } })])).toEqual([]);
    });
});

describe("mutual-tls", () => {
    const mtls = (stack: string, objects: Manifest[], config?: object) =>
        sentences("mutual-tls", stack, objects, config);
    const policy = (spec: object, inside = "istio-system"): Manifest => ({
        apiVersion: "security.istio.io/v1",
        kind: "PeerAuthentication",
        metadata: { name: "default", namespace: inside },
        spec,
    });
    const mode = (of: string) => ({ mtls: { mode: of } });
    const istiod: Manifest = {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "istiod", namespace: "istio-system" },
        spec: { template: { metadata: { labels: { app: "istiod" } } } },
    };

    it("names a policy that lets plain text in", () => {
        expect(mtls("prod", [policy(mode("PERMISSIVE"), "shop")])).toEqual([
            "PeerAuthentication shop/default has mode PERMISSIVE, so that its workloads take plain text, too. Allowed in " +
                "production: STRICT. Set it once all callers have sidecars.",
        ]);
        expect(mtls("prod", [policy({ portLevelMtls: { 8080: { mode: "DISABLE" } } })])[0]).toContain(
            "has mode DISABLE for port 8080, so that its workloads take plain text alone",
        );
    });

    it("names a control plane without a policy of its mesh", () => {
        expect(mtls("prod", [istiod])[0]).toMatch(
            /^Deployment istio-system\/istiod is a control plane without a PeerAuthentication of its mesh that has a mode/,
        );
        for (const other of [
            policy(mode("STRICT"), "shop"),
            policy({ ...mode("STRICT"), selector: { a: "b" } }),
            policy(mode("UNSET")),
        ])
            expect(mtls("prod", [istiod, other])).toHaveLength(1);
        expect(mtls("prod", [istiod, policy(mode("STRICT"))])).toEqual([]);
        expect(mtls("prod", [istiod, policy(mode("PERMISSIVE"))])).toHaveLength(1);
    });

    it("does not ask an application's stack for the mesh's policy, nor any stack outside production", () => {
        expect(mtls("prod", [deployment("web", {})])).toEqual([]);
        expect(mtls("staging", [istiod, policy(mode("PERMISSIVE"))])).toEqual([]);
        expect(mtls("live", [istiod], { production: ["live"] })).toHaveLength(1);
    });

    it("says nothing of a mode that a preview does not know", () => {
        expect(mtls("prod", [istiod, policy(mode(UNKNOWN_TEXT))])).toEqual([]);
    });
});

describe("requests", () => {
    const requests = (objects: Manifest[]) => sentences("requests", "prod", objects);
    const with_ = (resources: object) => [deployment("web", { resources })];

    it("names workload, containers and what they lack, in one sentence", () => {
        expect(requests(with_({ requests: { cpu: "1" } }))).toEqual([
            "Deployment shop/web has container web without requests (web: memory), so that it is placed on any node and " +
                "evicted first: set resources.requests of each.",
        ]);
    });

    it("takes limits, a whole pod's requests, and what a LimitRange fills in", () => {
        const both = { cpu: "1", memory: "1Gi" };
        expect(requests(with_({ requests: both }))).toEqual([]);
        expect(requests(with_({ limits: both }))).toEqual([]);
        const whole = deployment("web", {});
        const { template } = whole.spec as { template: { spec: object } };
        expect(
            requests([{ ...whole, spec: { template: { spec: { ...template.spec, resources: { requests: both } } } } }]),
        ).toEqual([]);
        const range = (inside: string): Manifest => ({
            apiVersion: "v1",
            kind: "LimitRange",
            metadata: { name: "defaults", namespace: inside },
            spec: { limits: [{ type: "Container", defaultRequest: both }] },
        });
        expect(requests([range("shop"), ...with_({})])).toEqual([]);
        expect(requests([range("other"), ...with_({})])).toHaveLength(1);
    });

    it("leaves alone what somebody else fills in, and what a preview does not know", () => {
        expect(requests([deployment("gateway", { image: "auto" })])).toEqual([]);
        expect(requests(with_({ requests: UNKNOWN_TEXT }))).toEqual([]);
        expect(requests([{ ...deployment("web", {}), kind: "DeploymentPatch" }])).toEqual([]);
    });
});
