import { beforeAll, describe, expect, test } from "vitest";
import { Lab, TEST_LAB } from "../support/lab";
import { getAll, keyOf } from "../support/lab-objects";
import { Stack, type StackResource } from "../support/lab-stack";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);

beforeAll(() => stack.ensureUp());

const isProvider = ({ type }: StackResource) => type.startsWith("pulumi:providers:");
const nameOf = ({ urn }: StackResource) => urn.split("::").at(-1)!;
const isGatewayApiCrd = (resource: StackResource) =>
    resource.type.endsWith(":CustomResourceDefinition") && nameOf(resource).endsWith(".gateway.networking.k8s.io");
/** Uids of the workloads' objects: an object that was replaced meanwhile has another one. */
const uids = async () =>
    (await getAll(lab, "deployments,services,configmaps,pods", "--all-namespaces"))
        .map((object) => `${keyOf(object)} ${object.metadata.uid}`)
        .sort();

describe("where nothing has changed", () => {
    test("a second up changes nothing, and replaces nothing behind its back", async () => {
        const before = await uids();
        await stack.up("--skip-preview", "--expect-no-changes");
        expect(await uids()).toEqual(before);
    });

    // The second one reads what the first has written.
    test("a refresh shows nothing, nor does a second one, nor a preview after them", async () => {
        await stack.refresh("--expect-no-changes");
        await stack.refresh("--expect-no-changes");
        await stack.preview("--expect-no-changes");
    });

    test("nor does an up after it", async () => {
        await stack.up("--skip-preview", "--expect-no-changes");
    });
});

describe("every resource goes to the configured cluster", () => {
    let resources: StackResource[];
    beforeAll(async () => {
        resources = await stack.resources();
    });

    test("the only provider of Kubernetes is the stack's explicit one, with the configured context", () => {
        // The engine's own provider and the one of commands reach no cluster.
        const providers = resources.filter(
            (resource) => isProvider(resource) && !/^pulumi:providers:(pulumi|command)$/.test(resource.type),
        );
        expect(providers.map((provider) => `${provider.type}::${nameOf(provider)}`)).toEqual([
            "pulumi:providers:kubernetes::cluster",
        ]);
        expect(providers[0]!.inputs).toMatchObject({ context: "lab" });
    });

    test("each resource of Kubernetes has it", () => {
        const { urn, id } = resources.find((resource) => isProvider(resource) && nameOf(resource) === "cluster")!;
        const ofKubernetes = resources.filter(({ type, custom }) => custom && type.startsWith("kubernetes:"));
        expect(ofKubernetes.length).toBeGreaterThan(60);
        const elsewhere = ofKubernetes.filter(({ provider }) => provider !== `${urn}::${id}`);
        expect(elsewhere.map((resource) => resource.urn)).toEqual([]);
    });

    test("the state holds no kubeconfig's content", () => {
        expect(JSON.stringify(resources)).not.toMatch(/client-key-data|client-certificate-data/);
    });
});

describe("the Gateway API CRDs that the stack installed stay its own", () => {
    test("they are in the stack after later runs", async () => {
        expect((await stack.resources()).filter(isGatewayApiCrd)).toHaveLength(5);
    });

    test("one that was removed comes back, and nothing else changes", async () => {
        const name = "referencegrants.gateway.networking.k8s.io";
        await lab.output(["kubectl", "delete", "customresourcedefinition", name]);
        await stack.refresh();
        const { same: _same, read: _read, ...changes } = await stack.previewSummary();
        expect(changes).toEqual({ create: 1 });
        await stack.up("--skip-preview");
        expect(await getAll(lab, "customresourcedefinition", name)).toHaveLength(1);
        expect((await stack.resources()).filter(isGatewayApiCrd)).toHaveLength(5);
    });
});
