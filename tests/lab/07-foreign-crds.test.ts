import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ISTIO_NAMESPACE } from "@istio-on-pulumi/kube";
import { Lab, TEST_LAB } from "../support/lab";
import { describe as inWords, differences, withoutServerFields } from "../support/lab-compare";
import { byKey, getAll, getOne, type KubeObject } from "../support/lab-objects";
import { type LabServer, startServer } from "../support/lab-server";
import { Stack } from "../support/lab-stack";
import { BOOKINFO_NAMESPACE, walkthroughManifests } from "../support/lab-walkthrough";
import {
    containerOf,
    type Gateway,
    hasCondition,
    isReady,
    type Pod,
    type WebhookConfiguration,
} from "../support/objects";
import { stayingPods } from "../support/pods";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);
/** As if another release of Gateway API had been installed by the cluster's owner. */
const FOREIGN_VERSION = "v1.2.1-of-somebody-else";
const HOLD_MS = 12_000;
const INJECTOR = "istio-sidecar-injector";

let foreign: Map<string, KubeObject>;
let webhook: LabServer;

const gatewayApiCrds = async () =>
    byKey(
        (await getAll(lab, "customresourcedefinitions", "--show-managed-fields")).filter(({ metadata }) =>
            metadata.name.endsWith(".gateway.networking.k8s.io"),
        ),
    );

async function deleteGatewayApiCrds(): Promise<void> {
    const names = [...(await gatewayApiCrds()).values()].map(({ metadata }) => metadata.name);
    if (names.length > 0) await lab.output(["kubectl", "delete", "customresourcedefinition", ...names]);
}

/** Holds up the creation of the injector's ConfigMap: istiod's Deployment is then there for seconds without it. */
const holdUpInjector = ({ url, certificate }: LabServer) => ({
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingWebhookConfiguration",
    metadata: { name: "hold-up-injector" },
    webhooks: [
        {
            name: "hold-up-injector.test.local",
            clientConfig: { url, caBundle: Buffer.from(certificate).toString("base64") },
            rules: [{ operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"] }],
            matchConditions: [{ name: "injector", expression: `object.metadata.name == "${INJECTOR}"` }],
            sideEffects: "None",
            admissionReviewVersions: ["v1"],
            timeoutSeconds: 30,
        },
    ],
});

beforeAll(async () => {
    if ((await stack.resources()).length > 0) await stack.destroy();
    await deleteGatewayApiCrds();
    const manifests = await walkthroughManifests(lab, stack.settings().bundle!);
    const crds = manifests
        .find(({ name }) => name === "gateway-api")!
        .text.replaceAll("bundle-version: v1.2.1", `bundle-version: ${FOREIGN_VERSION}`);
    await lab.output(["kubectl", "apply", "--server-side", "-f", "-"], { input: crds });
    foreign = await gatewayApiCrds();
    webhook = await startServer(lab, HOLD_MS);
    await lab.output(["kubectl", "create", "-f", "-"], { input: JSON.stringify(holdUpInjector(webhook)) });
    await stack.up("--skip-preview");
});

afterAll(async () => {
    await lab.output(["kubectl", "delete", "validatingwebhookconfiguration", "hold-up-injector", "--ignore-not-found"]);
    await webhook?.close();
    // The stack would leave them to their owner in every later file, too.
    await deleteGatewayApiCrds();
});

/** The CRDs as they were installed, and no others. */
async function expectForeignCrdsUntouched(): Promise<void> {
    const comparable = (object: KubeObject) => ({
        ...withoutServerFields(object),
        uid: object.metadata.uid,
        generation: object.metadata.generation,
    });
    const now = await gatewayApiCrds();
    expect(foreign.size).toBe(5);
    expect([...now.keys()].sort()).toEqual([...foreign.keys()].sort());
    expect(
        inWords(
            [...foreign].flatMap(([key, object]) => differences(key, comparable(object), comparable(now.get(key)!))),
        ),
    ).toBe("");
    for (const { metadata } of now.values())
        expect(
            metadata.managedFields!.map(({ manager }) => manager).filter((manager) => /pulumi/.test(manager)),
        ).toEqual([]);
}

describe("Gateway API CRDs that the cluster has already", () => {
    test("stay as they are", expectForeignCrdsUntouched);

    test("are not in the stack, and their version is an output", async () => {
        expect((await stack.resources()).filter(({ type }) => type.endsWith(":CustomResourceDefinition"))).toEqual([]);
        expect((await stack.outputs<{ versions: { gatewayApi: string } }>()).versions.gatewayApi).toBe(FOREIGN_VERSION);
    });

    test("serve the walkthrough's Gateway", async () => {
        const gateway = await getOne<Gateway>(
            lab,
            "gateways.gateway.networking.k8s.io",
            "bookinfo-gateway",
            "--namespace",
            BOOKINFO_NAMESPACE,
        );
        expect(hasCondition(gateway, "Programmed")).toBe(true);
    });
});

describe("an injector ConfigMap that comes seconds after istiod's Deployment", () => {
    let istiod: Pod;
    beforeAll(async () => {
        [istiod] = (await stayingPods(lab, 1, ISTIO_NAMESPACE, "app=istiod")) as [Pod];
    });

    test("was held up while the stack came up", () => {
        const held = webhook.events.filter((event) => event.type === "held");
        expect(held).toMatchObject([{ name: INJECTOR }]);
    });

    test("is there before istiod's container starts", () => {
        const [held] = webhook.events.filter((event) => event.type === "held");
        const [status, ...others] = istiod.status.containerStatuses;
        expect(others).toEqual([]);
        expect(status).toMatchObject({ ready: true, restartCount: 0 });
        // Kubernetes writes the time of a start in whole seconds, the beginning one.
        expect(Date.parse(status!.state.running.startedAt) + 1000).toBeGreaterThan(held!.to);
    });

    test("is what istiod injects by", async () => {
        const log = await lab.output(["kubectl", "logs", istiod.metadata.name, "--namespace", ISTIO_NAMESPACE]);
        expect(log).not.toContain("template not found");
        const { webhooks } = await getOne<WebhookConfiguration>(lab, "mutatingwebhookconfiguration", INJECTOR);
        for (const { clientConfig } of webhooks) expect(clientConfig.caBundle).toMatch(/^LS0t/);
    });

    test("leaves every pod injected and ready", async () => {
        for (const pod of await stayingPods(lab, 6, BOOKINFO_NAMESPACE, "version")) {
            expect(containerOf(pod, "istio-proxy")).toBeDefined();
            expect(pod.status.containerStatuses, pod.metadata.name).toHaveLength(2);
            expect(isReady(pod), pod.metadata.name).toBe(true);
        }
    });
});

test("CRDs of somebody else outlive the stack unchanged", async () => {
    await stack.destroy();
    await expectForeignCrdsUntouched();
});
