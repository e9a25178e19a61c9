import { describe, expect, it } from "vitest";
import { type ChartValues, istiodResources, istiodValues, setsReplicas } from "../../../components/istiodValues";
import { valueOf } from "../../support/mocks";

interface IstiodValues {
    global: Record<string, unknown>;
    volumes: object[];
    volumeMounts: object[];
    [key: string]: unknown;
}
const valuesOf = (values: ChartValues, pullSecrets: string[] = []) =>
    valueOf(
        istiodValues({ hub: "docker.io/istio", tag: "1.25.1", imageMirrors: {}, pullSecrets, values }),
    ) as Promise<IstiodValues>;
const hasBudget = async (values: ChartValues) => (await valuesOf(values)).global.defaultPodDisruptionBudget;

describe("the user's values of chart istiod", () => {
    it("are laid over the component's: objects key by key, lists and all else replaced", async () => {
        const values = { global: { proxy: { a: [1] } }, meshConfig: { x: 1 }, profile: "default" };
        expect(await valuesOf(values)).toMatchObject({
            profile: "default",
            meshConfig: { x: 1 },
            global: { hub: "docker.io/istio", tag: "1.25.1", proxy: { a: [1] } },
        });
    });

    it("do not take istiod's own volume away", async () => {
        const { volumes, volumeMounts } = await valuesOf({ volumes: [{ name: "a" }], volumeMounts: [{ name: "a" }] });
        expect(volumes).toEqual([{ name: "a" }, expect.objectContaining({ name: "startup-config" })]);
        expect(volumeMounts).toEqual([{ name: "a" }, expect.objectContaining({ name: "startup-config" })]);
    });

    it("stand where the profile's cannot win over them", async () => {
        const resources = { requests: { cpu: "1" } };
        const { pilot, ...top } = await valuesOf({
            resources,
            traceSampling: 1,
            pilot: { traceSampling: 2, env: { A: "b" } },
        });
        expect(pilot).toEqual({ resources, traceSampling: 2, env: { A: "b" } });
        expect(Object.keys(top)).not.toContain("resources");
    });

    it.each<[ChartValues, boolean]>([
        [{}, false],
        [{ replicaCount: 1 }, false],
        [{ replicaCount: 2 }, true],
        [{ pilot: { replicaCount: 3 } }, true],
        [{ autoscaleEnabled: true }, false],
        [{ autoscaleEnabled: true, autoscaleMin: 2 }, true],
        [{ autoscaleEnabled: true, replicaCount: 2 }, false],
        [{ autoscaleMin: 2 }, false],
    ])("%j: a disruption budget is there: %s", async (values, enabled) => {
        expect(await hasBudget(values)).toEqual({ enabled });
    });

    it("may have a budget or none, whatever the replicas", async () => {
        const values = { replicaCount: 2, global: { defaultPodDisruptionBudget: { enabled: false } } };
        expect(await hasBudget(values)).toEqual({ enabled: false });
    });

    it("say how many istiods there are, or leave that to whoever scales them", () => {
        expect([{}, { replicaCount: 1 }, { pilot: { replicaCount: 2 } }].map(setsReplicas)).toEqual([
            false,
            true,
            true,
        ]);
    });

    it("tell istiod's resources for the dry run of its pod", () => {
        expect(istiodResources({ resources: { a: 1 } })).toEqual({ a: 1 });
        expect(istiodResources({ resources: { a: 1 }, pilot: { resources: { b: 1 } } })).toEqual({ b: 1 });
        expect(istiodResources({})).toBeUndefined();
    });
});

describe("the pull secrets", () => {
    it("are the chart's, which gives them to istiod, to injected pods and to gateways", async () => {
        expect((await valuesOf({}, ["login"])).global.imagePullSecrets).toEqual(["login"]);
        expect((await valuesOf({})).global).not.toHaveProperty("imagePullSecrets");
    });
});
