import { readFileSync } from "node:fs";
import { expect, inject, test } from "vitest";
import { Lab, TEST_LAB } from "../support/lab";
import { type KubeObject, snapshot } from "../support/lab-objects";
import { Stack, type StackResource } from "../support/lab-stack";

const lab = Lab.named(TEST_LAB);
const stack = new Stack(lab);
/** What is the stack's in each resource's name; not the stack itself, nor the engine's own provider. */
const own = (urns: readonly string[]) =>
    urns.filter((urn) => !/::pulumi:pulumi:Stack::|::pulumi:providers:pulumi::/.test(urn)).sort();
let planned: string[];

test("on an empty cluster a preview succeeds and changes nothing", async () => {
    const pristine = JSON.parse(readFileSync(inject("pristineFile"), "utf8")) as KubeObject[];
    const before = new Set(pristine.map(({ metadata }) => metadata.uid));
    const { steps } = JSON.parse(await stack.pulumi(["preview", "--json"])) as { steps: { op: string; urn: string }[] };
    expect(steps.filter(({ op }) => op !== "create")).toEqual([]);
    planned = own(steps.map(({ urn }) => urn));
    const added = [...(await snapshot(lab))].filter(([, { metadata }]) => !before.has(metadata.uid));
    expect(added.map(([key]) => key)).toEqual([]);
});

test("pulumi up succeeds, and creates what the preview has named: no less and no more", async () => {
    expect(await stack.resources()).toEqual([]);
    await stack.up();
    const resources: (StackResource & { external?: boolean })[] = await stack.resources();
    // Istio generates the gateway's Service, so it is read, once it is there.
    const [read, ...others] = resources.filter(({ external }) => external);
    expect(others).toEqual([]);
    expect(read?.id).toBe("istio-sample/bookinfo-gateway-istio");
    expect(own(resources.filter(({ external }) => !external).map(({ urn }) => urn))).toEqual(planned);
});
