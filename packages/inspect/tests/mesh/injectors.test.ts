import type { V1MutatingWebhookConfiguration } from "@kubernetes/client-node";
import { afterEach, describe, expect, it, vi } from "vitest";
import { inspectInjection } from "../../src/mesh/injection";
import { rootCertificates } from "../../src/mesh/injectors";
import { findScope } from "../../src/mesh/scope";
import type { ClusterSnapshot } from "../../src/snapshot/snapshot";
import { OTHER_CERTIFICATE, ROOT_CERTIFICATE } from "../../testing/certificates";
import { namespace, service, slice } from "../../testing/cluster";
import { bundleOf, injector, istiod, mesh } from "../../testing/mesh";

const ROOTS = "istio-system/istio-ca-root-cert";

function inspect(over: Partial<ClusterSnapshot>, rootCertificate = ROOT_CERTIFICATE, wanted?: string[]) {
    const snapshot = { ...mesh(), ...over };
    const configMaps = new Map([[ROOTS, { "root-cert.pem": rootCertificate }]]);
    const { injectors, findings } = inspectInjection(snapshot, findScope(snapshot, wanted), configMaps);
    return {
        trusted: injectors.map(({ trusted }) => trusted),
        findings: findings.map(({ severity, code, message }) => [severity, code, message]),
    };
}
const webhooks = (...all: V1MutatingWebhookConfiguration[]) => ({ webhooks: all });
const REJECTS = "so the API server rejects every pod that it is asked for";
const RESTART = "restart istiod, which sets it at its start.";
const one = (code: string, message: string, severity = "problem") => ({
    trusted: [false],
    findings: [[severity, code, message]],
});

afterEach(() => void vi.useRealTimers());

describe("a webhook that injects", () => {
    it("is trusted with istiod's own certificate, a ready istiod and its Service", () => {
        expect(inspect({})).toEqual({ trusted: [true], findings: [] });
        expect(rootCertificates(mesh())).toEqual([ROOTS]);
    });

    it("is trusted where istiod's certificate is one of several, or may not be read", () => {
        const both = injector({ caBundle: bundleOf(OTHER_CERTIFICATE + ROOT_CERTIFICATE) });
        expect(inspect(webhooks(both)).trusted).toEqual([true]);
        expect(inspect({}, "").trusted).toEqual([true]);
    });

    it("has a bundle", () => {
        expect(inspect(webhooks(injector({ caBundle: "" })))).toEqual(
            one("injection/no-ca-bundle", `The webhook istio-sidecar-injector has no caBundle, ${REJECTS}; ${RESTART}`),
        );
    });

    it("needs none for a URL, whose certificate the API server's machine may trust", () => {
        const managed = injector();
        for (const webhook of managed.webhooks!) webhook.clientConfig = { url: "https://istiod.example.com/inject" };
        expect(inspect(webhooks(managed))).toEqual({ trusted: [true], findings: [] });
    });

    it.each([
        ["is a certificate", "Y2E=", "has a caBundle without a certificate"],
        [
            "is istiod's",
            bundleOf(OTHER_CERTIFICATE),
            `has the caBundle of another certificate authority than istiod's (ConfigMap ${ROOTS})`,
        ],
    ])("has a bundle that %s", (_, caBundle, what) => {
        expect(inspect(webhooks(injector({ caBundle })))).toEqual(
            one("injection/ca-bundle", `The webhook istio-sidecar-injector ${what}, ${REJECTS}; ${RESTART}`),
        );
    });

    it("has a bundle that is valid still", () => {
        vi.useFakeTimers({ now: new Date("2127-01-01"), toFake: ["Date"] });
        expect(inspect({})).toEqual(
            one(
                "injection/ca-bundle",
                "The webhook istio-sidecar-injector has a caBundle that expired on 2126-11-06, " +
                    `${REJECTS}; ${RESTART}`,
            ),
        );
    });

    it("calls a Service that is there", () => {
        expect(inspect(webhooks(injector({ service: "istiod-old" })))).toEqual(
            one(
                "injection/no-service",
                "The webhook istio-sidecar-injector calls the Service istio-system/istiod-old, which does not exist, " +
                    `${REJECTS}; install the istiod that it belongs to, or, if an earlier one left it over, remove it ` +
                    "with: kubectl delete mutatingwebhookconfiguration istio-sidecar-injector",
            ),
        );
    });

    it("calls a port that its Service has", () => {
        const services = [service({ namespace: "istio-system", name: "istiod", ports: [{ port: 15_012 }] })];
        expect(inspect({ services }).findings).toEqual([
            [
                "problem",
                "injection/no-service",
                "The webhook istio-sidecar-injector calls port 443 of the Service istio-system/istiod, which has no " +
                    `such port, ${REJECTS}; see: kubectl -n istio-system describe service istiod`,
            ],
        ]);
    });

    it("calls a Service with a ready pod behind it", () => {
        const unready = { address: "10.244.0.20", ready: false };
        const endpointSlices = [slice({ namespace: "istio-system", service: "istiod", endpoints: [unready] })];
        const said = one(
            "injection/no-endpoints",
            "The webhook istio-sidecar-injector calls the Service istio-system/istiod, behind which no pod is ready, " +
                `${REJECTS}; see: kubectl -n istio-system describe service istiod`,
        );
        expect(inspect({ endpointSlices })).toEqual(said);
        expect(inspect({ endpointSlices: [] })).toEqual(said);
        // The control plane's own finding says it already.
        expect(inspect({ endpointSlices, deployments: [istiod({ ready: false })] }).findings).toHaveLength(1);
    });

    it("that may fail lets pods start without a sidecar", () => {
        const lenient = injector({ caBundle: "" });
        for (const webhook of lenient.webhooks!) webhook.failurePolicy = "Ignore";
        expect(inspect(webhooks(lenient)).findings[0]![2]).toContain(
            "so pods that it is asked for start without a sidecar",
        );
    });

    it("is worth a note if nobody of the namespaces that are looked at asks for it", () => {
        const left = webhooks(injector(), injector({ revision: "old", service: "istiod-old" }));
        const severities = (over: Partial<ClusterSnapshot>, wanted?: string[]) =>
            inspect(over, undefined, wanted).findings.map(([severity, code]) => `${severity} ${code}`);
        expect(severities(left)).toEqual(["note injection/no-service"]);
        const team = { ...left, namespaces: [...mesh().namespaces, namespace("team", { "istio.io/rev": "old" })] };
        expect(severities(team)).toEqual(["problem injection/no-service"]);
        expect(severities(team, ["istio-system", "shop"])).toEqual(["note injection/no-service"]);
    });
});
