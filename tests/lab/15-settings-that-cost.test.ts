import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ISTIO_NAMESPACE } from "@istio-on-pulumi/kube";
import { Lab, TEST_LAB } from "../support/lab";
import { eventually, getAll, getOne } from "../support/lab-objects";
import { Stack } from "../support/lab-stack";
import { BOOKINFO_NAMESPACE } from "../support/lab-walkthrough";
import type { Deployment, Pod } from "../support/objects";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);

beforeAll(() => stack.ensureUp());
afterAll(() => stack.up("--skip-preview"));

const kubectl = (...args: string[]) => lab.output(["kubectl", ...args]);
const inIstio = ["--namespace", ISTIO_NAMESPACE];
const inBookinfo = ["--namespace", BOOKINFO_NAMESPACE];

/** What a preview with these settings is refused with; no more than one sentence, and nothing changed. */
async function refusal(settings: Record<string, string>): Promise<string> {
    return stack.with(settings, async () => {
        const { code, stdout, stderr } = await stack.attempt(["preview"]);
        expect(code).not.toBe(0);
        const sentences = `${stdout}\n${stderr}`
            .split("error: ")
            .slice(1)
            .map((text) => text.split("\n")[0]!);
        expect(new Set(sentences).size, stdout).toBe(1);
        return sentences[0]!;
    });
}

/** What the preview would do with these settings, by the engine's words. */
const planned = (settings: Record<string, string>) => stack.with(settings, () => stack.previewSummary());

describe("Loki's logs", () => {
    interface Claim {
        metadata: { uid: string; ownerReferences?: object[] };
        spec: { storageClassName: string; resources: { requests: { storage: string } } };
        status: { phase: string; capacity: { storage: string } };
    }
    const claim = () => getOne<Claim>(lab, "pvc", "storage-loki-0", ...inIstio);
    const uids = async () => {
        const loki = await getOne(lab, "statefulset", "loki", ...inIstio);
        return { claim: (await claim()).metadata.uid, loki: loki.metadata.uid };
    };
    const allowGrowth = (allowed: boolean) =>
        kubectl("patch", "storageclass", "standard", "-p", JSON.stringify({ allowVolumeExpansion: allowed }));
    const isDefault = (value: boolean) =>
        kubectl(
            "annotate",
            "--overwrite",
            "storageclass",
            "standard",
            `storageclass.kubernetes.io/is-default-class=${value}`,
        );
    let before: Awaited<ReturnType<typeof uids>>;

    beforeAll(async () => {
        before = await uids();
    });
    afterAll(async () => {
        await allowGrowth(true);
        await isDefault(true);
    });

    test("are in a claim that nothing but the stack deletes", async () => {
        const { metadata, status } = await claim();
        expect(metadata.ownerReferences ?? []).toEqual([]);
        expect(status.phase).toBe("Bound");
        await kubectl("delete", "statefulset", "loki", "--wait", ...inIstio);
        await stack.refresh();
        await stack.up("--skip-preview");
        const after = await uids();
        expect(after.claim).toBe(before.claim);
        expect(after.loki).not.toBe(before.loki);
        before = after;
    });

    test("need no StorageClass any more", async () => {
        await isDefault(false);
        expect(await planned({})).not.toHaveProperty("update");
        await isDefault(true);
    });

    test("stay in their volume while it grows: no object is replaced", async () => {
        await stack.with({ "addons.loki.storageSize": "20Gi" }, async () => {
            const summary = await stack.previewSummary();
            // The claim, and the component, which records its arguments.
            expect(summary).toMatchObject({ update: 2 });
            expect(Object.keys(summary).filter((word) => /replace|delete|create/.test(word))).toEqual([]);
            await stack.up("--skip-preview");
            await eventually(claim, ({ status }) => status.capacity.storage === "20Gi", "the claim has 20Gi");
            expect(await uids()).toEqual(before);
            await stack.up("--skip-preview", "--expect-no-changes");
        });
    });

    test("are not given up for a smaller volume, another class, or one that cannot grow", async () => {
        expect(await refusal({ "addons.loki.storageSize": "5Gi" })).toMatch(
            /holds Loki's logs in a volume of 20Gi and StorageClass "standard", which cannot shrink to 5Gi;/,
        );
        expect(await refusal({ "addons.loki.storageSize": "20Gi", "addons.loki.storageClass": "other" })).toMatch(
            /whose class cannot be changed to "other"; keep it with: pulumi config set --path addons.loki.storageClass standard;/,
        );
        await allowGrowth(false);
        expect(await refusal({ "addons.loki.storageSize": "40Gi" })).toMatch(
            /which does not allow it to grow to 40Gi \(allowVolumeExpansion\); keep it with: pulumi config set --path addons.loki.storageSize 20Gi;/,
        );
        expect(await uids()).toEqual(before);
    });

    test("are where they were when the live class is named", async () => {
        await stack.with({ "addons.loki.storageSize": "20Gi", "addons.loki.storageClass": "standard" }, async () => {
            await stack.up("--skip-preview");
            expect(await uids()).toEqual(before);
        });
    });

    test("go with Loki, and a new volume is of the size that is asked for", async () => {
        await stack.with({ "addons.loki.enabled": "false" }, () => stack.up("--skip-preview"));
        expect(await getAll(lab, "pvc,statefulset", ...inIstio)).toEqual([]);
        await stack.up("--skip-preview");
        expect((await claim()).spec.resources.requests.storage).toBe("10Gi");
    });
});

describe("a node that is drained", () => {
    test("may lose istiod's pod: no budget holds an eviction back for ever", async () => {
        const [pod] = await getAll<Pod>(lab, "pods", "--selector", "app=istiod", ...inIstio);
        const { name } = pod!.metadata;
        const eviction = {
            apiVersion: "policy/v1",
            kind: "Eviction",
            metadata: { name, namespace: ISTIO_NAMESPACE },
            deleteOptions: { dryRun: ["All"] },
        };
        const path = `/api/v1/namespaces/${ISTIO_NAMESPACE}/pods/${name}/eviction`;
        const { stdout } = await lab.run(["kubectl", "create", "--raw", path, "-f", "-"], {
            input: JSON.stringify(eviction),
        });
        expect(JSON.parse(stdout)).toMatchObject({ status: "Success" });
    });
});

describe("what somebody else has scaled", () => {
    const SCALED: readonly [string, ...string[]][] = [
        ["deployment/details-v1", ...inBookinfo],
        ["deployment/prometheus", ...inIstio],
        ["deployment/istiod", ...inIstio],
    ];
    const scale = (replicas: number) =>
        Promise.all(SCALED.map((target) => kubectl("scale", ...target, `--replicas=${replicas}`)));

    afterAll(() => scale(1));

    test("stays scaled through an update, and each image comes from its own mirror", async () => {
        await scale(2);
        const mirrors = {
            "docker.io/istio/pilot": "mirror.local/one/pilot",
            "docker.io/istio/proxyv2": "mirror.local/two/proxyv2",
            "docker.io/istio/examples-bookinfo-details-v1": "mirror.local/three/examples-bookinfo-details-v1",
            "docker.io/prom": "mirror.local/prom",
        };
        await stack.with({ "registry.mirrors": JSON.stringify(mirrors) }, async () => {
            await stack.up("--skip-preview");
            for (const target of SCALED) {
                const { spec } = await getOne<Deployment>(lab, ...target);
                expect([target[0], spec.replicas]).toEqual([target[0], 2]);
                expect(JSON.stringify(spec.template)).toContain("mirror.local/");
            }
            const pods = await getAll<Pod>(lab, "pods", "--selector", "app=details", ...inBookinfo);
            const newest = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
            expect(newest).not.toEqual([]);
            for (const { spec } of newest) {
                const images = [...spec.initContainers, ...spec.containers].map(({ image }) => image);
                expect(images.sort()).toEqual([
                    expect.stringMatching(/^mirror\.local\/three\/examples-bookinfo-details-v1:/),
                    "mirror.local/two/proxyv2:1.25.1",
                    "mirror.local/two/proxyv2:1.25.1",
                ]);
            }
            await stack.up("--skip-preview", "--expect-no-changes");
        });
        await stack.up("--skip-preview");
    });
});
