import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Lab, TEST_LAB } from "../support/lab";
import { ask, untilAnswered } from "../support/lab-load";
import { eventually, getAll, getOne } from "../support/lab-objects";
import { Stack } from "../support/lab-stack";
import { BOOKINFO_NAMESPACE } from "../support/lab-walkthrough";
import type { Condition, Pod, Service } from "../support/objects";
import { stayingPods } from "../support/pods";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);
let origin: string;

beforeAll(async () => {
    await stack.ensureUp();
    const { productpageUrl } = await stack.outputs<{ productpageUrl: string }>();
    origin = new URL(productpageUrl).origin;
    await untilAnswered(productpageUrl);
});

const get = (path: string) => ask(`${origin}${path}`);
const kubectl = (...args: string[]) => lab.output(["kubectl", "--namespace", BOOKINFO_NAMESPACE, ...args]);
const podOf = async (app: string) => (await stayingPods(lab, 1, BOOKINFO_NAMESPACE, `app=${app}`))[0]!;

describe("an image that the lab does not know, beside a sidecar", () => {
    afterAll(() => kubectl("delete", "--ignore-not-found", "deployment/web", "service/web"));

    test("is an HTTP echo on the ports that it declares, and is told who calls", async () => {
        const labels = { app: "web" };
        const containers = [{ name: "web", image: "registry.test/web:1", ports: [{ containerPort: 8080 }] }];
        const deployment = {
            apiVersion: "apps/v1",
            kind: "Deployment",
            metadata: { name: "web" },
            spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
        };
        const service = {
            apiVersion: "v1",
            kind: "Service",
            metadata: { name: "web" },
            spec: { selector: labels, ports: [{ name: "http", port: 8080 }] },
        };
        await lab.output(["kubectl", "apply", "--namespace", BOOKINFO_NAMESPACE, "-f", "-"], {
            input: [deployment, service].map((object) => JSON.stringify(object)).join("\n---\n"),
        });
        await kubectl("rollout", "status", "deployment/web", "--timeout=60s");
        const { metadata, status } = await podOf("web");
        expect(status.containerStatuses.map((each) => [each.name, each.ready])).toEqual([
            ["web", true],
            ["istio-proxy", true],
        ]);
        const answer = await lab.output([
            "curl",
            "--silent",
            "--max-time",
            "5",
            `http://${status.podIP}:8080/some/path`,
        ]);
        expect(JSON.parse(answer)).toMatchObject({ pod: metadata.name, method: "GET", path: "/some/path", port: 8080 });
    });
});

describe("pods as processes", () => {
    test("a pod is restarted and counted when one of its processes is killed, and unready meanwhile", async () => {
        const before = await podOf("details");
        const status = (pod: Pod, container: string) =>
            pod.status.containerStatuses.find(({ name }) => name === container)!;
        const pid = Number(status(before, "istio-proxy").containerID.replace("lab://", ""));
        process.kill(pid, "SIGKILL");
        const restarted = status(before, "istio-proxy").restartCount + 1;
        const risen = await eventually(
            () => podOf("details"),
            (pod) => status(pod, "istio-proxy").ready && status(pod, "istio-proxy").restartCount === restarted,
            "the proxy is ready again",
        );
        // It became ready once more, so it was not meanwhile, however short that was.
        const readySince = (pod: Pod): Condition => pod.status.conditions.find(({ type }) => type === "Ready")!;
        expect([readySince(risen).status, readySince(before).status]).toEqual(["True", "True"]);
        expect(Date.parse(readySince(risen).lastTransitionTime)).toBeGreaterThan(
            Date.parse(readySince(before).lastTransitionTime),
        );
        expect(status(risen, "details").restartCount).toBe(status(before, "details").restartCount);
        // The other proxies hear of the endpoint from istiod, a moment after it is ready.
        await eventually(
            () => get("/api/v1/products/0"),
            (answer) => answer.status === 200,
            "details answers again",
        );
    });

    test("a Deployment that is scaled gets pods that answer, and loses them again", async () => {
        const scale = (replicas: number) => kubectl("scale", "deployment/ratings-v1", `--replicas=${replicas}`);
        const named = new Set<string>();
        await scale(3);
        try {
            await kubectl("rollout", "status", "deployment/ratings-v1", "--timeout=60s");
            await eventually(
                async () => {
                    const hops = JSON.parse(
                        String((await get("/api/v1/products/0/ratings")).headers["x-lab-hops"]),
                    ) as { to: string; pod: string }[];
                    for (const { to, pod } of hops) if (to === "ratings") named.add(pod);
                    return named;
                },
                (seen) => seen.size === 3,
                "three pods of ratings answer",
                { everyMs: 20 },
            );
        } finally {
            await scale(1);
        }
        await eventually(
            () => getAll(lab, "pods", "--namespace", BOOKINFO_NAMESPACE, "--selector", "app=ratings"),
            (left) => left.length === 1,
            "two pods are gone",
        );
        expect((await get("/api/v1/products/0/ratings")).status).toBe(200);
    });

    test("the name of a Service that does not exist, or of the world outside, is answered at once", async () => {
        const resolve4 = `
            const resolver = new (require("node:dns").promises.Resolver)();
            resolver.setServers(["10.96.0.10"]);
            resolver.resolve4(process.argv[1]).then(console.log, ({ code }) => console.log(code));
        `;
        const dns = (name: string) => lab.run(["node", "-e", resolve4, name]);
        const { spec } = await getOne<Service>(lab, "service", "reviews", "--namespace", BOOKINFO_NAMESPACE);
        expect((await dns(`reviews.${BOOKINFO_NAMESPACE}.svc.cluster.local`)).stdout).toContain(spec.clusterIP);
        expect((await dns(`nobody.${BOOKINFO_NAMESPACE}.svc.cluster.local`)).stdout.trim()).toBe("ENOTFOUND");
        expect((await dns("example.com")).stdout.trim()).toBe("ENOTFOUND");
    });
});
