import { describe, expect, it } from "vitest";
import { normalise } from "../../../../lab/plugins/kubernetes/object/normalise";
import { canonicalQuantity } from "../../../../lab/plugins/kubernetes/object/quantity";
import { UNKNOWN } from "../../../../lab/plugins/rpc/values";

describe("quantities", () => {
    it.each([
        ["0.5", "500m"],
        ["1000m", "1"],
        [1, "1"],
        [0.1, "100m"],
        ["1024Mi", "1Gi"],
        ["1.5Gi", "1536Mi"],
        ["2000Mi", "2000Mi"],
        ["1000M", "1G"],
        ["128Mi", "128Mi"],
        ["0", "0"],
        ["-1500m", "-1500m"],
        ["512", "512"],
    ])("%s is %s", (written, canonical) => {
        expect(canonicalQuantity(written)).toBe(canonical);
    });

    it("leaves alone what is none", () => {
        expect(canonicalQuantity("many")).toBe("many");
        expect(canonicalQuantity(UNKNOWN)).toBe(UNKNOWN);
    });
});

function pod(spec: object): Record<string, unknown> {
    return { apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec };
}

describe("built-in objects in the API server's spelling", () => {
    it("loses what Kubernetes' encoder leaves out", () => {
        const written = pod({
            hostNetwork: false,
            nodeSelector: {},
            tolerations: [],
            schedulerName: "",
            containers: [
                {
                    name: "c",
                    tty: false,
                    env: [{ name: "EMPTY", value: "" }],
                    livenessProbe: { initialDelaySeconds: 0, timeoutSeconds: 0, periodSeconds: 5 },
                },
            ],
            dnsPolicy: null,
        });
        expect(normalise(written)["spec"]).toEqual({
            containers: [{ name: "c", env: [{ name: "EMPTY" }], livenessProbe: { periodSeconds: 5 } }],
        });
    });

    it("keeps empties that say something", () => {
        const spec = {
            automountServiceAccountToken: false,
            securityContext: {},
            terminationGracePeriodSeconds: 0,
            volumes: [{ name: "v", emptyDir: {} }],
            containers: [],
        };
        expect(normalise(pod(spec))["spec"]).toEqual(spec);
    });

    it("keeps a claim's empty storage class, which asks for none", () => {
        const claim = { apiVersion: "v1", kind: "PersistentVolumeClaim", spec: { storageClassName: "" } };
        expect(normalise(claim)["spec"]).toEqual({ storageClassName: "" });
    });

    it("leaves the program's own keys and values alone", () => {
        const config = { apiVersion: "v1", kind: "ConfigMap", data: { empty: "", cpu: "0.5" } };
        expect(normalise(config)).toEqual(config);
        const labelled = { apiVersion: "v1", kind: "Namespace", metadata: { labels: { flag: "" } } };
        expect(normalise(labelled)).toEqual(labelled);
    });

    it("keeps the values of a Service's selector, and an empty label selector", () => {
        const service = { apiVersion: "v1", kind: "Service", spec: { selector: { app: "" } } };
        expect(normalise(service)["spec"]).toEqual({ selector: { app: "" } });
        const policy = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", spec: { podSelector: {} } };
        expect(normalise(policy)["spec"]).toEqual({ podSelector: {} });
    });

    it("writes quantities canonically where there are any", () => {
        const spec = { containers: [{ name: "c", resources: { requests: { cpu: 0.5, memory: "1024Mi" } } }] };
        expect(normalise(pod(spec))["spec"]).toEqual({
            containers: [{ name: "c", resources: { requests: { cpu: "500m", memory: "1Gi" } } }],
        });
    });

    it("moves a Secret's plain text to its data", () => {
        const secret = { apiVersion: "v1", kind: "Secret", stringData: { a: "x" }, data: { b: "eQ" } };
        expect(normalise(secret)).toEqual({ apiVersion: "v1", kind: "Secret", data: { a: "eA==", b: "eQ==" } });
    });

    it("drops of a CRD what the API server drops", () => {
        const crd = {
            apiVersion: "apiextensions.k8s.io/v1",
            kind: "CustomResourceDefinition",
            spec: { preserveUnknownFields: false, group: "x", versions: [{ default: false }] },
            status: {},
        };
        expect(normalise(crd)).toEqual({
            apiVersion: crd.apiVersion,
            kind: crd.kind,
            spec: { group: "x", versions: [{ default: false }] },
        });
    });

    it("touches neither custom resources nor what is not yet known, bar read-only metadata", () => {
        const custom = { apiVersion: "x.io/v1", kind: "X", metadata: { name: "x", uid: "1" }, spec: { off: false, no: null } };
        expect(normalise(custom)).toEqual({ ...custom, metadata: { name: "x" } });
        const unknown = pod({ hostNetwork: false, nodeName: UNKNOWN });
        expect(normalise(unknown)).toEqual(unknown);
    });
});
