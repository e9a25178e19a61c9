import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ISTIO_NAMESPACE } from "@istio-on-pulumi/kube";
import { Lab, TEST_LAB } from "../support/lab";
import { untilAnswered } from "../support/lab-load";
import { getAll, getOne } from "../support/lab-objects";
import { Stack } from "../support/lab-stack";
import { BOOKINFO_NAMESPACE } from "../support/lab-walkthrough";
import { nodePortOf, type Service } from "../support/objects";

interface Outputs {
    productpageUrl?: string;
    kialiUrl?: string;
    endpoints: Record<string, { type: string; ports: { nodePort?: number; url?: string }[] }>;
}

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);

beforeAll(() => stack.ensureUp());

const gatewayService = () =>
    getOne<Service>(lab, "service", "bookinfo-gateway-istio", "--namespace", BOOKINFO_NAMESPACE);
/** What the stack's state says of each resource; outputs that are secret are encrypted anew each time. */
const recorded = async () =>
    (await stack.resources()).map(({ urn, id, provider, inputs }) => ({ urn, id, provider, inputs }));
const lokiObjects = () =>
    getAll(
        lab,
        "statefulsets,services,configmaps,serviceaccounts",
        "--namespace",
        ISTIO_NAMESPACE,
        "--selector",
        "app.kubernetes.io/name=loki",
    );

describe("fixed node ports and a switched-off addon", () => {
    const settings = { "gateway.nodePort": "30080", "addons.kiali.nodePort": "30081", "addons.loki.enabled": "false" };

    test("take effect in the live objects and in the outputs", async () => {
        expect(await lokiObjects()).not.toEqual([]);
        await stack.with(settings, async () => {
            await stack.up("--skip-preview");
            const { productpageUrl, kialiUrl, endpoints } = await stack.outputs<Outputs>();
            expect(nodePortOf(await gatewayService(), 80)).toBe(30080);
            expect(productpageUrl).toMatch(/:30080\/productpage$/);
            expect(endpoints.productpage?.ports[0]).toMatchObject({ nodePort: 30080, url: productpageUrl });
            // The port is another one, the pods are the same: it answers as soon as kube-proxy knows.
            await untilAnswered(productpageUrl!);
            expect(
                nodePortOf(await getOne<Service>(lab, "service", "kiali", "--namespace", ISTIO_NAMESPACE), 20001),
            ).toBe(30081);
            expect(kialiUrl).toMatch(/:30081\/kiali$/);
            expect(await lokiObjects()).toEqual([]);
            expect(endpoints.loki).toBeUndefined();
        });
    });

    test("come to rest: a second up, and a preview after a refresh, change nothing", async () => {
        await stack.with(settings, async () => {
            await stack.up("--skip-preview", "--expect-no-changes");
            await stack.refresh();
            await stack.preview("--expect-no-changes");
        });
    });

    test("istiod does not take the port back when it applies its Service again", async () => {
        const before = await gatewayService();
        await lab.output([
            "kubectl",
            "label",
            "service",
            "bookinfo-gateway-istio",
            "--namespace",
            BOOKINFO_NAMESPACE,
            "gateway.networking.k8s.io/gateway-name=other",
            "--overwrite",
        ]);
        await lab.output([
            "kubectl",
            "wait",
            "--for=jsonpath={.metadata.labels.gateway\\.networking\\.k8s\\.io/gateway-name}=bookinfo-gateway",
            "service/bookinfo-gateway-istio",
            "--namespace",
            BOOKINFO_NAMESPACE,
            "--timeout=60s",
        ]);
        const after = await gatewayService();
        expect(after.metadata.resourceVersion).not.toBe(before.metadata.resourceVersion);
        expect(nodePortOf(after, 80)).toBe(30080);
    });
});

describe("without them, and with a Service that has no node ports", () => {
    test("the addon is back and ready, and no output has a URL of the gateway", async () => {
        await stack.with({ "gateway.serviceType": "ClusterIP" }, async () => {
            await stack.up("--skip-preview");
            const { productpageUrl, kialiUrl, endpoints } = await stack.outputs<Outputs>();
            expect((await gatewayService()).spec.type).toBe("ClusterIP");
            expect(productpageUrl).toBeUndefined();
            for (const name of ["productpage", "gatewayStatus"]) {
                expect(endpoints[name]).toMatchObject({ type: "ClusterIP" });
                expect(endpoints[name]!.ports).not.toEqual([]);
                for (const port of endpoints[name]!.ports) expect(Object.keys(port).sort()).toEqual(["name", "port"]);
            }
            expect(kialiUrl).toMatch(/^http:/);
            expect((await getOne(lab, "statefulset", "loki", "--namespace", ISTIO_NAMESPACE)).status).toMatchObject({
                readyReplicas: 1,
            });
            expect(endpoints.loki).toBeDefined();
        });
    });

    test("the defaults lead back to a NodePort, and to rest", async () => {
        await stack.up("--skip-preview");
        const service = await gatewayService();
        expect(service.spec.type).toBe("NodePort");
        expect((await stack.outputs<Outputs>()).productpageUrl).toContain(`:${nodePortOf(service, 80)}/`);
        await stack.up("--skip-preview", "--expect-no-changes");
    });
});

describe("what cannot be done is refused in one sentence before anything changes", () => {
    const dir = join(tmpdir(), `istio-on-pulumi-refused-${process.pid}`);
    const kubeconfig = join(dir, "kubeconfig");
    beforeAll(() => {
        mkdirSync(dir);
        // Nobody listens on port 1.
        writeFileSync(
            kubeconfig,
            JSON.stringify({
                apiVersion: "v1",
                kind: "Config",
                clusters: [{ name: "gone", cluster: { server: "https://127.0.0.1:1" } }],
                users: [{ name: "gone", user: {} }],
                contexts: [{ name: "gone", context: { cluster: "gone", user: "gone" } }],
            }),
        );
    });
    afterAll(() => rmSync(dir, { recursive: true, force: true }));

    // What each rejected value looks like is for the unit tests; here is one refusal of each kind.
    const refused: [string, Record<string, string>, string[]][] = [
        [
            "a value that is not allowed",
            { "gateway.serviceType": "nodeport" },
            ["istio-on-pulumi:gateway.serviceType", '"nodeport"', "NodePort, ClusterIP, LoadBalancer"],
        ],
        [
            "a context that the kubeconfig does not have",
            { "cluster.context": "elsewhere" },
            ['"elsewhere"', "allowed: lab"],
        ],
        [
            "a cluster that does not answer",
            { "cluster.kubeconfig": kubeconfig, "cluster.context": "gone" },
            ["https://127.0.0.1:1", "cannot be reached"],
        ],
        [
            "another class for a volume that holds logs",
            { "addons.loki.storageClass": "fast" },
            ['"fast"', "pulumi config set --path addons.loki.storageClass standard"],
        ],
    ];

    test.each(refused)("%s", async (_, settings, words) => {
        const before = await recorded();
        await stack.with(settings, async () => {
            const { code, stdout, stderr } = await stack.attempt(["up", "--yes", "--skip-preview"]);
            expect(code).not.toBe(0);
            const printed = `${stdout}\n${stderr}`;
            // The engine shows it twice, as it comes and at the end.
            const errors = new Set(
                printed
                    .split("error: ")
                    .slice(1)
                    .map((text) => text.split("\n")[0]!),
            );
            expect([...errors], printed).toHaveLength(1);
            for (const word of words) expect([...errors][0]).toContain(word);
            // No stack trace.
            expect(printed).not.toMatch(/^\s+at .*:\d+:\d+/m);
        });
        expect(await recorded()).toEqual(before);
    });
});
