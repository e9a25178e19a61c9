import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Lab, TEST_LAB } from "../support/lab";
import { describe as inWords, type Difference, differences, judge, withoutServerFields } from "../support/lab-compare";
import {
    MEANT_DIFFERENCES,
    MEANT_IN_GENERATED,
    MEANT_IN_PODS,
    ONLY_BY_HAND,
    ONLY_BY_PULUMI,
} from "../support/lab-differences";
import { getManifest, keyOf, type KubeObject, snapshot } from "../support/lab-objects";
import { Stack } from "../support/lab-stack";
import { applyByHand, BOOKINFO_NAMESPACE, exposeByHand, walkthroughManifests } from "../support/lab-walkthrough";
import type { Pod } from "../support/objects";

const lab = Lab.named(TEST_LAB);
/** A second, short-lived lab, on which the walkthrough is done by hand with upstream's own manifests and tools. */
const reference = Lab.named(`${TEST_LAB}-by-hand`);
const stack = new Stack(lab);

/** The objects of upstream's manifests as the API server holds them after the walkthrough's commands, by manifest. */
const byHand = new Map<string, KubeObject[]>();
let everythingByHand: Map<string, KubeObject>;
let everythingByPulumi: Map<string, KubeObject>;
const found: Difference[] = [];

beforeAll(async () => {
    await stack.ensureUp();
    await reference.command("reset");
    await reference.command("start");
    const manifests = await walkthroughManifests(reference, stack.settings().bundle!);
    await applyByHand(reference, manifests);
    for (const { name, text, namespace } of manifests) byHand.set(name, await getManifest(reference, text, namespace));
    await exposeByHand(reference);
    everythingByHand = await snapshot(reference);
    everythingByPulumi = await snapshot(lab);
});

afterAll(() => reference.command("reset"));

const compare = (object: KubeObject) => {
    const live = everythingByPulumi.get(keyOf(object));
    return differences(keyOf(object), withoutServerFields(object), live && withoutServerFields(live));
};

describe("every object equals upstream's, bar the meant differences", () => {
    test.each([
        "istio",
        "gateway-api",
        "bookinfo",
        "bookinfo-gateway",
        "grafana.yaml",
        "jaeger.yaml",
        "kiali.yaml",
        "loki.yaml",
        "prometheus.yaml",
    ])("%s", (manifest) => {
        const objects = byHand.get(manifest)!;
        expect(objects.length).toBeGreaterThan(0);
        const all = objects.flatMap(compare);
        found.push(...all);
        expect(inWords(judge(all, MEANT_DIFFERENCES).unexpected)).toBe("");
    });

    test("no manifest of the walkthrough is left out", () => {
        expect(byHand.size).toBe(9);
        expect([...byHand.values()].flat().length).toBeGreaterThan(80);
    });
});

test("each meant difference occurs", () => {
    expect(judge(found, MEANT_DIFFERENCES).unused).toEqual([]);
});

test("what Istio generates for the Gateway is the same", () => {
    const generated = ["Deployment.apps", "Service", "ServiceAccount"].map((kind) =>
        everythingByHand.get(`${kind} ${BOOKINFO_NAMESPACE}/bookinfo-gateway-istio`)!,
    );
    const { unexpected, unused } = judge(generated.flatMap(compare), MEANT_IN_GENERATED);
    expect(inWords(unexpected)).toBe("");
    expect(unused).toEqual([]);
});

test("each pod of Bookinfo is the same, injected containers included", () => {
    const [hand, pulumi] = [everythingByHand, everythingByPulumi].map((objects) => bookinfoPods(objects));
    expect(hand!.size).toBe(7);
    const found = [...hand!].flatMap(([name, pod]) => differences(name, pod, pulumi!.get(name)));
    expect(inWords(judge(found, [...MEANT_IN_GENERATED, ...MEANT_IN_PODS]).unexpected)).toBe("");
});

test("the cluster holds the same objects as after the walkthrough, bar the listed ones", () => {
    const [hand, pulumi] = [everythingByHand, everythingByPulumi].map(
        (objects) => new Set([...objects.values()].map(lastingKey)),
    );
    expect([...hand!].filter((key) => !pulumi!.has(key)).sort()).toEqual(Object.keys(ONLY_BY_HAND).sort());
    expect([...pulumi!].filter((key) => !hand!.has(key)).sort()).toEqual(Object.keys(ONLY_BY_PULUMI).sort());
});

/** The pods of Bookinfo by their Deployment, with what is drawn at random replaced. */
function bookinfoPods(objects: ReadonlyMap<string, KubeObject>): Map<string, unknown> {
    // By hand the gateway's pod is made twice, and the first one takes its time to end.
    const pods = [...objects.values()].filter(
        ({ kind, metadata }) =>
            kind === "Pod" && metadata.namespace === BOOKINFO_NAMESPACE && metadata.deletionTimestamp === undefined,
    );
    return new Map(
        pods.map((pod) => {
            const [owner] = pod.metadata.ownerReferences as { name: string; uid: string }[];
            const { volumes } = pod.spec as Pod["spec"];
            const token = volumes.find(({ name }) => name.startsWith("kube-api-access-"))!.name;
            const random = [
                pod.metadata.name,
                owner!.name,
                owner!.uid,
                pod.metadata.labels!["pod-template-hash"]!,
                token,
            ];
            const text = random.reduce(
                (json, name, index) => json.replaceAll(name, `<random-${index}>`),
                JSON.stringify(withoutServerFields(pod)),
            );
            return [lastingKey(pod), JSON.parse(text)];
        }),
    );
}

/** What {@link keyOf} says, without the parts of a name that are drawn at random. */
function lastingKey(object: KubeObject): string {
    const key = keyOf(object);
    const owner = (object.metadata.ownerReferences as { kind: string }[] | undefined)?.[0]?.kind;
    switch (object.kind) {
        case "Pod":
            return owner === "ReplicaSet" ? key.replace(/-[^-]+-[^-]+$/, "") : key;
        case "ReplicaSet":
        case "ControllerRevision":
            return key.replace(/-[^-]+$/, "");
        case "PersistentVolume":
            return key.replace(/pvc-.*$/, "pvc-");
        case "Lease":
            return key.replace(/apiserver-.*$/, "apiserver-");
        default:
            return key;
    }
}
