import { afterEach, describe, expect, it, vi } from "vitest";
import { Cluster } from "../../../components";
import { Recording } from "../../support/mocks";

const PROVIDER = "pulumi:providers:kubernetes";
const args = { context: "prod", identifier: "organization/istio-on-pulumi/prod" };

async function deploy(given: ConstructorParameters<typeof Cluster>[1]) {
    const recording = await Recording.start();
    const cluster = new Cluster("cluster", given);
    await recording.settled();
    return { recording, cluster };
}

describe("Cluster", () => {
    afterEach(() => {
        vi.unstubAllEnvs();
    });

    it("is two providers, its own children, and nothing else", async () => {
        const { recording } = await deploy(args);
        expect(recording.registrations.map(({ type, name, parent }) => [type, name, parent])).toEqual([
            ["istio-on-pulumi:index:Cluster", "cluster", undefined],
            [PROVIDER, "cluster", "istio-on-pulumi:index:Cluster::cluster"],
            [PROVIDER, "cluster-adopting", "istio-on-pulumi:index:Cluster::cluster"],
        ]);
    });

    it("names the kubeconfig, the context and the cluster, and lets ConfigMaps change in place", async () => {
        const { recording } = await deploy({ ...args, kubeconfig: "~/clusters/prod.yaml" });
        expect(recording.one(PROVIDER, "cluster").inputs).toEqual({
            kubeconfig: "~/clusters/prod.yaml",
            context: "prod",
            clusterIdentifier: "organization/istio-on-pulumi/prod",
            enableConfigMapMutable: "true",
        });
    });

    it("lets only the adopting provider take over what exists", async () => {
        const { recording, cluster } = await deploy({ ...args, kubeconfig: "~/clusters/prod.yaml" });
        const { inputs } = recording.one(PROVIDER, "cluster");
        expect(recording.one(PROVIDER, "cluster-adopting").inputs).toEqual({
            ...inputs,
            upsertExistingObjects: "true",
        });
        expect(cluster.adoptingProvider).not.toBe(cluster.provider);
    });

    it.each(["cluster", "cluster-adopting"])(
        "keeps this machine's $KUBECONFIG out of the state of provider %s",
        async (name) => {
            vi.stubEnv("KUBECONFIG", "/home/somebody/.kube/config");
            const { recording } = await deploy(args);
            expect(recording.one(PROVIDER, name).inputs.kubeconfig).toBe("");
        },
    );
});
