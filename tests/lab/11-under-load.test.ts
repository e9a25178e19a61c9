import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ISTIO_NAMESPACE } from "@istio-on-pulumi/kube";
import { labStatus, namespacesOf, processesIn } from "@istio-on-pulumi/lab";
import { Lab, TEST_LAB } from "../support/lab";
import { underLoad, untilAnswered } from "../support/lab-load";
import { eventually, getOne } from "../support/lab-objects";
import { Stack } from "../support/lab-stack";
import { BOOKINFO_NAMESPACE } from "../support/lab-walkthrough";
import { nodePortOf, type Pod, type Service } from "../support/objects";
import { stayingPods } from "../support/pods";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);
let url: string;

beforeAll(() => stack.ensureUp());
beforeEach(async () => {
    ({ productpageUrl: url } = await stack.outputs<{ productpageUrl: string }>());
    await untilAnswered(url);
});

const inBookinfo = ["--namespace", BOOKINFO_NAMESPACE];
const uidsOf = (pods: readonly Pod[]) => pods.map(({ metadata }) => metadata.uid);

describe("with requests on their way", () => {
    test("istiod is restarted, twice, and no request fails", async () => {
        const istiod = () => stayingPods(lab, 1, ISTIO_NAMESPACE, "app=istiod");
        const first = uidsOf(await istiod());
        const { sent, failures } = await underLoad(url, async () => {
            for (let time = 0; time < 2; time += 1) {
                await lab.output([
                    "kubectl",
                    "delete",
                    "pod",
                    "--namespace",
                    ISTIO_NAMESPACE,
                    "--selector",
                    "app=istiod",
                ]);
                await lab.output([
                    "kubectl",
                    "rollout",
                    "status",
                    "deployment/istiod",
                    "--namespace",
                    ISTIO_NAMESPACE,
                    "--timeout=60s",
                ]);
            }
        });
        expect(uidsOf(await istiod())).not.toEqual(first);
        expect(failures).toEqual([]);
        expect(sent).toBeGreaterThan(60);
    });

    test("another tag of Bookinfo's images rolls over all of its pods, and back, and no request fails", async () => {
        const pods = () => stayingPods(lab, 6, BOOKINFO_NAMESPACE, "app in (productpage,details,reviews,ratings)");
        const before = await pods();
        let rolled: Pod[] = [];
        const { failures } = await underLoad(url, async () => {
            await stack.with({ "bookinfo.tag": "1.20.3" }, async () => {
                await stack.up("--skip-preview");
                rolled = await pods();
            });
            await stack.up("--skip-preview");
        });
        expect(rolled.map(({ spec }) => spec.containers[0]!.image.split(":")[1])).toEqual(Array(6).fill("1.20.3"));
        expect(uidsOf(before).some((uid) => uidsOf(rolled).includes(uid))).toBe(false);
        expect(failures).toEqual([]);
    });

    test("the gateway's own pod is replaced, and no request fails", async () => {
        const deployment = ["deployment/bookinfo-gateway-istio", "--namespace", BOOKINFO_NAMESPACE];
        const { failures } = await underLoad(url, async () => {
            await lab.output(["kubectl", "rollout", "restart", ...deployment]);
            await lab.output(["kubectl", "rollout", "status", ...deployment, "--timeout=90s"]);
        });
        expect(failures).toEqual([]);
    });

    test("the API server is killed, and no request fails", async () => {
        const server = () => labStatus(lab.place).parts.find(({ name }) => name === "kube-apiserver")!;
        const { pid } = server();
        const { failures } = await underLoad(url, async () => {
            process.kill(pid!, "SIGKILL");
            await eventually(
                () => Promise.resolve(server()),
                (now) => now.state === "ready" && now.pid !== pid,
                "the API server is ready again",
            );
        });
        expect(failures).toEqual([]);
    });

    test("the gateway's node port is fixed to the one that it has, and no request fails", async () => {
        const service = () =>
            getOne<Service>(lab, "service", "bookinfo-gateway-istio", "--namespace", BOOKINFO_NAMESPACE);
        const port = nodePortOf(await service(), 80);
        const { failures } = await underLoad(url, () =>
            stack.with({ "gateway.nodePort": String(port) }, () => stack.up("--skip-preview")),
        );
        expect(failures).toEqual([]);
        expect(nodePortOf(await service(), 80)).toBe(port);
        await stack.up("--skip-preview");
    });

    test("the product page is scaled up and down, and no request fails", async () => {
        const scale = (replicas: number) =>
            lab.output(["kubectl", "scale", "deployment/productpage-v1", `--replicas=${replicas}`, ...inBookinfo]);
        const { failures } = await underLoad(url, async () => {
            await scale(3);
            await stayingPods(lab, 3, BOOKINFO_NAMESPACE, "app=productpage");
            await lab.output(["kubectl", "rollout", "status", "deployment/productpage-v1", ...inBookinfo]);
            await scale(1);
            await stayingPods(lab, 1, BOOKINFO_NAMESPACE, "app=productpage");
        });
        expect(failures).toEqual([]);
    });

    // What is under way in it is lost with it, and there is no second one: this cannot be kept.
    test("the product page's proxy is killed: it is back in seconds, and nothing else is lost", async () => {
        const [pod] = await stayingPods(lab, 1, BOOKINFO_NAMESPACE, "app=productpage");
        const { failures, unavailable } = await underLoad(url, async () => {
            process.kill(await proxyOf(pod!), "SIGKILL");
            await untilAnswered(url);
        });
        console.log(`a proxy that is killed: ${failures.length} requests in ${unavailable.toFixed(1)} s`);
        expect(failures.length).toBeGreaterThan(0);
        expect(unavailable).toBeLessThan(30);
    });
});

/** The process of Envoy in a pod; 0 where there is none. */
async function proxyOf({ metadata }: Pod): Promise<number> {
    const netns = `${lab.place.netns}.pod-${metadata.uid.slice(0, 13)}`;
    const pids = await processesIn(join(namespacesOf(lab.place), netns));
    return pids.find((pid) => readFileSync(`/proc/${pid}/comm`, "utf8") === "envoy\n") ?? 0;
}
