import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import type { MeshReport } from "@istio-on-pulumi/inspect";
import { ISTIO_NAMESPACE } from "@istio-on-pulumi/kube";
import { Lab, TEST_LAB } from "../support/lab";
import { untilAnswered } from "../support/lab-load";
import { eventually, getAll, getOne, type KubeObject } from "../support/lab-objects";
import { Stack } from "../support/lab-stack";
import { BOOKINFO_NAMESPACE } from "../support/lab-walkthrough";
import type { Deployment, Pod } from "../support/objects";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);
const inIstio = ["--namespace", ISTIO_NAMESPACE];
const kubectl = (...args: string[]) => lab.output(["kubectl", ...args]);
let own: string;

type Settings = Record<string, unknown>;
interface Outputs {
    productpageUrl?: string;
    endpoints: Record<string, object>;
    mesh: {
        namespace: string;
        revision: string;
        gateway?: { name: string; namespace: string; takesRoutesFrom: string; address: string; url?: string };
    };
    inspection?: { ok: boolean; findings: object[] };
}

beforeAll(() => {
    own = readFileSync(lab.place.stackSettings, "utf8");
});
afterAll(async () => {
    writeFileSync(lab.place.stackSettings, own);
    await stack.destroy();
    await kubectl("delete", "namespace", "--ignore-not-found", ISTIO_NAMESPACE, BOOKINFO_NAMESPACE);
});

/** The settings of an environment on the lab: with its cluster, its bundle and its StorageClass. */
function take(environment: string): void {
    const file = join(lab.place.repository, `Pulumi.${environment}.yaml`);
    const { config } = parse(readFileSync(file, "utf8").replaceAll("storageClass: fast", "storageClass: standard")) as {
        config: Settings;
    };
    const { config: labs, ...rest } = parse(own) as { config: Settings };
    writeFileSync(lab.place.stackSettings, stringify({ config: { ...config, ...labs }, ...rest }));
}

const up = async (): Promise<Outputs> => {
    await stack.up("--skip-preview");
    return stack.outputs<Outputs>();
};

/** What an inspection of the mesh finds wrong. */
async function problems(...namespaces: string[]): Promise<object[]> {
    const { stdout } = await lab.run([
        "node_modules/.bin/mesh-inspect",
        "doctor",
        "--json",
        ...namespaces.flatMap((name) => ["--namespace", name]),
    ]);
    return (JSON.parse(stdout) as MeshReport).findings.filter(({ severity }) => severity === "problem");
}

const imagesOf = ({ spec }: Pod) => [...(spec.initContainers ?? []), ...spec.containers].map(({ image }) => image);
/** Pods that stay. */
const podsIn = async (namespace: string) =>
    (await getAll<Pod>(lab, "pods", "--namespace", namespace)).filter((pod) => !pod.metadata.deletionTimestamp);

describe("dev", () => {
    test("is the walkthrough", async () => {
        take("dev");
        const { productpageUrl, mesh } = await up();
        await untilAnswered(productpageUrl!);
        expect(mesh.gateway).toMatchObject({ namespace: BOOKINFO_NAMESPACE, takesRoutesFrom: "Same" });
        expect(await problems(ISTIO_NAMESPACE, BOOKINFO_NAMESPACE)).toEqual([]);
    });
});

describe("staging", () => {
    test("comes up, finds nothing wrong with itself, and leads to Bookinfo through a gateway of its own", async () => {
        take("staging");
        const { productpageUrl, inspection, mesh } = await up();
        expect(inspection).toMatchObject({ ok: true });
        expect(productpageUrl).toMatch(/:30080\/productpage$/);
        await untilAnswered(productpageUrl!);
        expect(mesh.gateway).toMatchObject({ name: "ingress", namespace: "istio-ingress", takesRoutesFrom: "All" });
        await stack.preview("--expect-no-changes");
    });

    test("refuses plain text between pods", async () => {
        const { spec } = await getOne<KubeObject & { spec: object }>(lab, "peerauthentication", "default", ...inIstio);
        expect(spec).toEqual({ mtls: { mode: "STRICT" } });
        const [details] = (await podsIn(BOOKINFO_NAMESPACE)).filter(
            ({ metadata }) => metadata.labels?.app === "details",
        );
        const { podIP } = (details as Pod & { status: { podIP: string } }).status;
        await eventually(
            () => lab.run(["curl", "-sS", "--max-time", "5", `http://${podIP}:9080/details/0`]),
            ({ code }) => code !== 0,
            "a caller without a sidecar gets no answer",
        );
    });
});

describe("prod", () => {
    test("comes up without Bookinfo, and nothing is wrong with it", async () => {
        take("prod");
        const outputs = await up();
        expect(Object.keys(outputs)).not.toContain("productpageUrl");
        expect(Object.keys(outputs.endpoints)).not.toContain("productpage");
        expect(await getAll(lab, "namespace", BOOKINFO_NAMESPACE)).toEqual([]);
        expect(outputs.mesh).toMatchObject({
            namespace: ISTIO_NAMESPACE,
            revision: "default",
            gateway: { namespace: "istio-ingress", address: "ingress-istio.istio-ingress.svc" },
        });
        expect(outputs.mesh.gateway!.url).toMatch(/:30080$/);
        expect(await problems(ISTIO_NAMESPACE, "istio-ingress")).toEqual([]);
        await stack.preview("--expect-no-changes");
    });

    test("has two istiods with a budget, apart where there is room, with requests and limits", async () => {
        const { spec } = await getOne<Deployment>(lab, "deployment", "istiod", ...inIstio);
        expect(spec).toMatchObject({
            replicas: 2,
            template: {
                spec: {
                    topologySpreadConstraints: [{ topologyKey: "kubernetes.io/hostname" }],
                    containers: [
                        {
                            resources: {
                                requests: { cpu: "500m", memory: "2Gi" },
                                limits: { cpu: "2", memory: "4Gi" },
                            },
                        },
                    ],
                },
            },
        });
        const budget = await getOne<KubeObject & { spec: object }>(lab, "poddisruptionbudget", "istiod", ...inIstio);
        expect(budget.spec).toMatchObject({ minAvailable: 1 });
        const [gateway] = await podsIn("istio-ingress");
        expect(gateway!.spec.containers[0]).toMatchObject({ resources: { requests: { cpu: "100m" } } });
    });

    test("has volumes of the class that is named, and traces one request in a hundred", async () => {
        for (const [name, size] of [
            ["prometheus", "50Gi"],
            ["storage-loki-0", "100Gi"],
        ] as const) {
            const claim = await getOne<KubeObject & { spec: object; status: object }>(lab, "pvc", name, ...inIstio);
            expect(claim).toMatchObject({
                spec: { storageClassName: "standard", resources: { requests: { storage: size } } },
                status: { phase: "Bound" },
            });
        }
        const telemetry = await getOne<KubeObject & { spec: object }>(lab, "telemetry", "mesh-default", ...inIstio);
        expect(telemetry.spec).toMatchObject({ tracing: [{ randomSamplingPercentage: 1 }] });
    });

    test("takes the route of an application in another namespace", async () => {
        const apply = (text: string) => lab.output(["kubectl", "apply", "-f", "-"], { input: text });
        try {
            await apply(SHOP);
            await kubectl("rollout", "status", "deployment/shop", "--namespace", "shop", "--timeout=120s");
            const { mesh } = await stack.outputs<Outputs>();
            await untilAnswered(`${mesh.gateway!.url}/shop`);
        } finally {
            await kubectl("delete", "namespace", "shop", "--ignore-not-found");
        }
    });

    test("differs from dev in what npm run stacks shows without a cluster", async () => {
        const { bundle } = stack.settings();
        const { code, stdout, stderr } = await lab.run([
            ...["node", "scripts/run.mjs", "scripts/stacks/cli.ts", "diff", "dev", "prod", "--bundle", bundle!],
        ]);
        expect([code, stderr]).toEqual([0, ""]);
        expect(stdout).toContain("+++ prod: Chart istio-system/istiod\n");
        expect(stdout).toMatch(/^\+ {2}replicaCount: 2$/m);
        expect(stdout).toMatch(/^-.*dev: Deployment istio-sample\/details-v1$/m);
        expect(stdout).toMatch(/^\+ {4}mode: STRICT$/m);
    });
});

describe("airgap", () => {
    beforeAll(async () => {
        take("prod");
        await stack.destroy();
        for (const namespace of [ISTIO_NAMESPACE, BOOKINFO_NAMESPACE]) {
            await kubectl("create", "namespace", namespace);
            await kubectl("create", "secret", "generic", "registry-login", "--namespace", namespace);
        }
    });

    test("comes up, and nothing is wrong with it", async () => {
        take("airgap");
        const { productpageUrl } = await up();
        await untilAnswered(productpageUrl!);
        expect(await problems(ISTIO_NAMESPACE, BOOKINFO_NAMESPACE)).toEqual([]);
        await stack.preview("--expect-no-changes");
    });

    test("pulls every image from the one registry, with its login: of injected pods and of the gateway, too", async () => {
        const pods = [...(await podsIn(ISTIO_NAMESPACE)), ...(await podsIn(BOOKINFO_NAMESPACE))];
        expect(pods).toHaveLength(6 + 7);
        expect(pods.flatMap(imagesOf).filter((image) => !image.startsWith("registry.local:5000/"))).toEqual([]);
        const secretsOf = ({ spec }: Pod) =>
            (spec as { imagePullSecrets?: { name: string }[] }).imagePullSecrets?.map(({ name }) => name);
        expect(
            pods.filter((pod) => !secretsOf(pod)?.includes("registry-login")).map(({ metadata }) => metadata.name),
        ).toEqual([]);
    });
});

/** An application of a stack of its own, in one piece: namespace, workload, and its route to the platform's gateway. */
const SHOP = `
apiVersion: v1
kind: Namespace
metadata: { name: shop, labels: { istio-injection: enabled } }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: shop, namespace: shop }
spec:
  selector: { matchLabels: { app: shop } }
  template:
    metadata: { labels: { app: shop } }
    spec: { containers: [{ name: shop, image: example/shop:1, ports: [{ containerPort: 8080 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: shop, namespace: shop }
spec: { selector: { app: shop }, ports: [{ name: http, port: 8080 }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop, namespace: shop }
spec:
  parentRefs: [{ name: ingress, namespace: istio-ingress }]
  rules: [{ matches: [{ path: { type: PathPrefix, value: /shop } }], backendRefs: [{ name: shop, port: 8080 }] }]
`;
