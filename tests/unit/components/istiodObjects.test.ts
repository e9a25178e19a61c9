import * as k8s from "@pulumi/kubernetes";
import { describe, expect, it } from "vitest";
import { changeIstiodObject, istiodTransform } from "../../../components/istiodObjects";
import { Recording } from "../../support/mocks";

const WEBHOOK = "kubernetes:admissionregistration.k8s.io/v1:ValidatingWebhookConfiguration";
const SERVICE = "kubernetes:core/v1:Service";
const DEPLOYMENT = "kubernetes:apps/v1:Deployment";

describe("changeIstiodObject", () => {
    it("leaves failurePolicy of every validating webhook to istiod, and everything else as it is", () => {
        const webhook = {
            metadata: { name: "istio-validator-istio-system", labels: { app: "istiod" } },
            webhooks: [
                {
                    name: "rev.validation.istio.io",
                    failurePolicy: "Ignore",
                    sideEffects: "None",
                    rules: [{ operations: ["CREATE"] }],
                },
                { name: "second", failurePolicy: "Fail" },
            ],
        };
        expect(changeIstiodObject(WEBHOOK, webhook, false)).toEqual({
            metadata: { name: "istio-validator-istio-system", labels: { app: "istiod" } },
            webhooks: [
                { name: "rev.validation.istio.io", sideEffects: "None", rules: [{ operations: ["CREATE"] }] },
                { name: "second" },
            ],
        });
        expect(webhook.webhooks[0]!.failurePolicy).toBe("Ignore");
    });

    it("does not wait for the Service, whose own annotations stay", () => {
        const service = {
            metadata: { name: "istiod", annotations: { own: "stays" } },
            spec: { ports: [{ port: 15010 }] },
        };
        expect(changeIstiodObject(SERVICE, service, false)).toEqual({
            metadata: { name: "istiod", annotations: { own: "stays", "pulumi.com/skipAwait": "true" } },
            spec: { ports: [{ port: 15010 }] },
        });
    });

    it("leaves two istiods that the values ask for", () => {
        const deployment = { metadata: { name: "istiod" }, spec: { replicas: 2, selector: {} } };
        expect(changeIstiodObject(DEPLOYMENT, deployment, false)).toEqual(deployment);
    });

    it("says that there is one istiod where the values do", () => {
        const deployment = { metadata: { name: "istiod" }, spec: { replicas: 1, selector: {} } };
        expect(changeIstiodObject(DEPLOYMENT, deployment, true)).toEqual(deployment);
    });

    it("leaves the number of istiod's pods to whoever scales it", () => {
        const deployment = { metadata: { name: "istiod" }, spec: { replicas: 1, selector: {} } };
        expect(changeIstiodObject(DEPLOYMENT, deployment, false)).toEqual({
            metadata: { name: "istiod" },
            spec: { selector: {} },
        });
    });

    it.each([
        "kubernetes:core/v1:ConfigMap",
        "kubernetes:core/v1:ServiceAccount",
        "kubernetes:admissionregistration.k8s.io/v1:MutatingWebhookConfiguration",
    ])("keeps a %s as the chart has it", (type) => {
        expect(
            changeIstiodObject(type, { metadata: { name: "x" }, webhooks: [{ failurePolicy: "Fail" }] }, false),
        ).toBeUndefined();
    });
});

describe("the transform", () => {
    it("leaves the chart itself alone", async () => {
        const recording = await Recording.start();
        const provider = new k8s.Provider("test", {});
        await recording.settled();
        const chart = { type: "kubernetes:helm.sh/v4:Chart", name: "istio-istiod", custom: false, props: {}, opts: {} };
        expect(istiodTransform(provider, false)(chart)).toBeUndefined();
    });

    it("keeps the child's other options", async () => {
        const recording = await Recording.start();
        const provider = new k8s.Provider("test", {});
        await recording.settled();
        const result = await istiodTransform(
            provider,
            false,
        )({
            type: SERVICE,
            name: "istiod:istio-system/istiod",
            props: { metadata: { name: "istiod" } },
            custom: true,
            opts: { retainOnDelete: true, protect: true },
        });
        expect(result?.opts).toMatchObject({ retainOnDelete: true, protect: true, provider });
    });
});
