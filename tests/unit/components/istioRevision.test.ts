import * as k8s from "@pulumi/kubernetes";
import { describe, expect, it } from "vitest";
import { IstioControlPlane, IstioRevision } from "../../../components";
import { Recording, valueOf } from "../../support/mocks";
import { serveUpstream } from "../../support/upstream";

const CHART = "kubernetes:helm.sh/v4:Chart";
const RELEASE = "kubernetes:helm.sh/v3:Release";

async function canary(isDefault: boolean, withoutIstiod = false) {
    serveUpstream();
    const recording = await Recording.start();
    const provider = new k8s.Provider("test", {});
    const istio = new IstioControlPlane(
        "istio",
        { version: "1.25.3", crdsVersion: "1.26.0", withoutIstiod, ...(isDefault && { defaultRevision: "1-26-0" }) },
        { provider },
    );
    const args = { revision: "1-26-0", version: "1.26.0", isDefault };
    const revision = new IstioRevision("istio-1-26-0", args, { provider, dependsOn: [istio] });
    await recording.settled();
    return { recording, istio, revision };
}

describe("a further control plane", () => {
    it("is chart istiod of its own release and revision, beside the first", async () => {
        const { recording, revision } = await canary(false);
        const chart = recording.one(CHART, "istio-1-26-0-istiod").inputs;
        expect(chart).toMatchObject({ namespace: "istio-system", version: "1.26.0" });
        expect(chart.values).toMatchObject({ revision: "1-26-0", global: { tag: "1.26.0" } });
        expect(chart.values).not.toHaveProperty("revisionTags");
        expect(JSON.stringify(chart.values)).toContain('"istio-sidecar-injector-1-26-0"');
        expect(recording.one(CHART, "istio-istiod").inputs.values).not.toHaveProperty("pilot");
        expect(await valueOf(revision.injectionWebhook)).toBe("istio-sidecar-injector-1-26-0");
        expect((await valueOf(revision.endpoint))!.service).toBe("istiod-1-26-0");
    });

    it("has its release's CRDs, if it is the newer one", async () => {
        const { recording } = await canary(false);
        const { inputs } = recording.one(RELEASE, "istio-istio-base");
        expect(inputs).toMatchObject({ version: "1.26.0" });
        expect(inputs.values).not.toHaveProperty("defaultRevision");
    });

    it("becomes the default: its tag, the validation, and what the first does no more", async () => {
        const { recording, istio } = await canary(true);
        expect(recording.one(CHART, "istio-1-26-0-istiod").inputs.values).toMatchObject({ revisionTags: ["default"] });
        expect(recording.one(RELEASE, "istio-istio-base").inputs.values).toMatchObject({ defaultRevision: "1-26-0" });
        expect(recording.one(CHART, "istio-istiod").inputs.values).toMatchObject({
            global: { operatorManageWebhooks: true },
            pilot: { env: { PILOT_ENABLE_GATEWAY_API_DEPLOYMENT_CONTROLLER: "false" } },
        });
        expect(await valueOf(istio.revision)).toBe("1-26-0");
    });

    it("is alone where the first is left out", async () => {
        const { recording, istio } = await canary(true, true);
        expect(recording.ofType(CHART).map(({ name }) => name)).toEqual(["istio-1-26-0-istiod"]);
        expect((await valueOf(istio.endpoint))!.service).toBe("istiod-1-26-0");
    });
});

describe("what leaves a cluster without a control plane", () => {
    it("is refused", () => {
        expect(() => new IstioControlPlane("istio", { withoutIstiod: true })).toThrow("it needs a defaultRevision");
        expect(() => new IstioRevision("x", { revision: "x", version: "1.24.0" })).toThrow(
            "Istio 1.24.0 is not locked",
        );
    });
});
