import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ISTIO_NAMESPACE } from "@istio-on-pulumi/kube";
import { Lab, TEST_LAB } from "../support/lab";
import { Load, untilAnswered } from "../support/lab-load";
import { Stack } from "../support/lab-stack";
import { BOOKINFO_NAMESPACE } from "../support/lab-walkthrough";
import type { Pod } from "../support/objects";
import { stayingPods } from "../support/pods";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);
let url: string;

beforeAll(() => stack.ensureUp());
beforeEach(async () => {
    ({ productpageUrl: url } = await stack.outputs<{ productpageUrl: string }>());
    await untilAnswered(url);
});

/** Does something while requests are on their way, and waits for some more after it. */
async function underLoad(action: () => Promise<unknown>): Promise<Awaited<ReturnType<Load["stop"]>>> {
    const load = new Load(url);
    try {
        await load.more(30);
        await action();
        await load.more(30);
    } finally {
        await load.stop();
    }
    return load.stop();
}

const uidsOf = (pods: readonly Pod[]) => pods.map(({ metadata }) => metadata.uid);

describe("with requests on their way", () => {
    test("istiod is restarted, twice, and no request fails", async () => {
        const istiod = () => stayingPods(lab, 1, ISTIO_NAMESPACE, "app=istiod");
        const first = uidsOf(await istiod());
        const { sent, failures } = await underLoad(async () => {
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
        const { failures } = await underLoad(async () => {
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
        const { failures } = await underLoad(async () => {
            await lab.output(["kubectl", "rollout", "restart", ...deployment]);
            await lab.output(["kubectl", "rollout", "status", ...deployment, "--timeout=90s"]);
        });
        expect(failures).toEqual([]);
    });
});
