import { afterEach, describe, expect, it, vi } from "vitest";
import { Cluster } from "../../../stack";
import { Recording } from "../../support/mocks";

const PROVIDER = "pulumi:providers:kubernetes";
const args = { context: "prod", identifier: "11111111-2222-4333-8444-555555555555" };

async function deploy(given: ConstructorParameters<typeof Cluster>[1]) {
    const recording = await Recording.start();
    new Cluster("cluster", given);
    await recording.settled();
    return { recording };
}

describe("Cluster", () => {
    afterEach(() => {
        vi.unstubAllEnvs();
    });

    it("is one provider, its own child, and nothing else", async () => {
        const { recording } = await deploy(args);
        expect(recording.registrations.map(({ type, name, parent }) => [type, name, parent])).toEqual([
            ["istio-on-pulumi:index:Cluster", "cluster", undefined],
            [PROVIDER, "cluster", "istio-on-pulumi:index:Cluster::cluster"],
        ]);
    });

    it("names kubeconfig, context and cluster, lets ConfigMaps change in place and takes over what exists", async () => {
        const { recording } = await deploy({ ...args, kubeconfig: "~/clusters/prod.yaml" });
        expect(recording.one(PROVIDER, "cluster").inputs).toEqual({
            kubeconfig: "~/clusters/prod.yaml",
            context: "prod",
            clusterIdentifier: "11111111-2222-4333-8444-555555555555",
            enableConfigMapMutable: "true",
            upsertExistingObjects: "true",
        });
    });

    it("keeps this machine's $KUBECONFIG out of the state", async () => {
        vi.stubEnv("KUBECONFIG", "/home/somebody/.kube/config");
        const { recording } = await deploy(args);
        expect(recording.one(PROVIDER, "cluster").inputs.kubeconfig).toBe("");
    });
});
